package dev.kintsugi.examples.bench.suite;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** Which commit the working directory is of, if Git knows. */
final class Commit {

  static final String UNKNOWN = "unknown";

  private Commit() {}

  /** As {@code git describe} has it, with a mark if there are changes that are not committed. */
  static String here() throws InterruptedException {
    try {
      Process git =
          new ProcessBuilder("git", "describe", "--always", "--dirty")
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      String commit =
          new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      return git.waitFor() == 0 ? commit : UNKNOWN;
    } catch (IOException noGit) {
      return UNKNOWN;
    }
  }
}
