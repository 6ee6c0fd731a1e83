package dev.kintsugi.examples.history.input;

import java.util.Optional;

/** What a commit did to a file, by the letter that git has for it. */
public enum ChangeKind {
  ADDED("A"),
  MODIFIED("M"),
  DELETED("D"),
  /** For instance a file that became a symbolic link; to a read model it is a modification. */
  TYPE_CHANGED("T");

  private final String letter;

  ChangeKind(String letter) {
    this.letter = letter;
  }

  static Optional<ChangeKind> ofLetter(String letter) {
    for (ChangeKind kind : values()) {
      if (kind.letter.equals(letter)) {
        return Optional.of(kind);
      }
    }
    return Optional.empty();
  }
}
