package dev.kintsugi.projections.internal.text;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a text may be on its way to PostgreSQL, so that what comes back is what was sent. Java's
 * texts can be what UTF-8 is not: a surrogate without its other half, which the driver sends as a
 * question mark. And PostgreSQL has no NUL in a text.
 *
 * <p>Keys, ids, tags and columns are {@link #checked}: another text in their place would be another
 * row. What people read, such as an error's message, is {@link #repaired}.
 */
public final class StorableText {

  private static final char REPLACEMENT = '\uFFFD';

  /**
   * How many bytes of UTF-8 the texts of a key may have together. An entry of PostgreSQL's indexes
   * is at most a third of a page, 2,704 bytes. Longer ones may fit if they compress well, and only
   * the server can tell: an event must not depend on that, nor on whether the row is ever written.
   */
  public static final int LONGEST_KEY = 2_600;

  private static final int LONGEST_PERSISTENCE_ID = 255;
  private static final int LONGEST_SHOWN = 60;

  private StorableText() {}

  /**
   * Refuses a persistence id that nobody would want, or that the journal can't hold. (A blank one
   * it can hold; what other plugins stored under one is recovered, and written on.)
   *
   * @throws IllegalArgumentException if it is blank, too long, or has a NUL
   */
  public static void refusePersistenceId(String persistenceId) {
    Optional<String> why =
        persistenceId.isBlank()
            ? Optional.of("a persistence id is blank")
            : persistenceIdFault(persistenceId);
    if (why.isPresent()) {
      throw new IllegalArgumentException(why.get());
    }
  }

  /** Why the journal can't hold a persistence id, in a few words; empty if it can. */
  public static Optional<String> persistenceIdFault(String persistenceId) {
    return columnFault("persistence id", persistenceId, LONGEST_PERSISTENCE_ID);
  }

  /**
   * Why a column can't hold a text, in a few words; empty if it can.
   *
   * @param what what the text is
   * @param longest how many characters the column holds
   */
  public static Optional<String> columnFault(String what, @Nullable String text, int longest) {
    if (text == null) {
      return Optional.empty();
    }
    if (text.indexOf('\0') >= 0) {
      return Optional.of(
          "the %s '%s' has a NUL, which PostgreSQL's text can't hold".formatted(what, shown(text)));
    }
    if (!isStorable(text)) {
      return Optional.of(
          "the %s '%s' has half a surrogate pair, which is no character"
              .formatted(what, shown(text)));
    }
    int length = text.codePointCount(0, text.length());
    return length <= longest
        ? Optional.empty()
        : Optional.of(
            "the %s '%s' has %d characters, and the journal holds %d at the most"
                .formatted(what, shown(text), length, longest));
  }

  /** For people: a text that may be long, or have what can't be stored. */
  public static String shown(String text) {
    String shown =
        text.length() <= LONGEST_SHOWN
            ? text
            : text.substring(0, text.offsetByCodePoints(0, LONGEST_SHOWN / 2)) + "…";
    return repaired(shown.replace("\0", "\\0"));
  }

  /** Whether PostgreSQL can store the text, and gives the same one back. */
  public static boolean isStorable(CharSequence text) {
    return faultAt(text) < 0;
  }

  /** What is wrong with a text, in a few words; empty if nothing is. */
  public static Optional<String> fault(CharSequence text) {
    int at = faultAt(text);
    if (at < 0) {
      return Optional.empty();
    }
    char c = text.charAt(at);
    return Optional.of(
        c == 0
            ? "it has a NUL at index %d, which PostgreSQL can't store".formatted(at)
            : "it has half of a surrogate pair (U+%04X) at index %d, which is no character"
                .formatted((int) c, at));
  }

  /**
   * The text, if it can be stored.
   *
   * @param what what it is, for the error
   * @throws IllegalArgumentException if it can't, with what it is and where its fault is
   */
  public static String checked(String text, String what) {
    int at = faultAt(text);
    if (at >= 0) {
      throw new IllegalArgumentException(
          "%s can't be stored: %s. It reads '%s'"
              .formatted(what, fault(text).orElseThrow(), shortened(repaired(text), 100)));
    }
    return text;
  }

  /** How many bytes of UTF-8 a text has, if it {@link #isStorable}. */
  public static long bytes(CharSequence text) {
    long bytes = text.length();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c >= 0x80) {
        // Each half of a pair counts for two of the four bytes.
        bytes += c < 0x800 || Character.isSurrogate(c) ? 1 : 2;
      }
    }
    return bytes;
  }

  /**
   * What is wrong with the texts of a key together, in a few words; empty if nothing is. Whether
   * each of them is a text is not looked at.
   */
  public static Optional<String> keyFault(List<String> texts) {
    long bytes = 0;
    for (String text : texts) {
      bytes += bytes(text);
    }
    return bytes <= LONGEST_KEY
        ? Optional.empty()
        : Optional.of(
            "it has %,d bytes of UTF-8, and a key may have %,d; PostgreSQL's indexes take no longer ones. Let a digest of it be the key, and store it in a column beside"
                .formatted(bytes, LONGEST_KEY));
  }

  /** The text with each character that can't be stored replaced by U+FFFD. */
  public static String repaired(String text) {
    int at = faultAt(text);
    if (at < 0) {
      return text;
    }
    StringBuilder repaired = new StringBuilder(text);
    while (at >= 0) {
      repaired.setCharAt(at, REPLACEMENT);
      at = faultAt(repaired, at + 1);
    }
    return repaired.toString();
  }

  /**
   * The beginning of a text, with "…" where it was cut; never cut within a surrogate pair.
   *
   * @param longest in characters as Java counts them, without the "…"
   */
  public static String shortened(String text, int longest) {
    if (text.length() <= longest) {
      return text;
    }
    boolean splitsAPair =
        longest > 0
            && Character.isHighSurrogate(text.charAt(longest - 1))
            && Character.isLowSurrogate(text.charAt(longest));
    return text.substring(0, splitsAPair ? longest - 1 : longest) + "…";
  }

  private static int faultAt(CharSequence text) {
    return faultAt(text, 0);
  }

  /** Where the first character is that can't be stored, from an index on; -1 if there is none. */
  private static int faultAt(CharSequence text, int from) {
    for (int i = from; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == 0) {
        return i;
      }
      if (Character.isSurrogate(c)) {
        boolean isPair =
            Character.isHighSurrogate(c)
                && i + 1 < text.length()
                && Character.isLowSurrogate(text.charAt(i + 1));
        if (!isPair) {
          return i;
        }
        i++;
      }
    }
    return -1;
  }
}
