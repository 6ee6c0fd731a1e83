package dev.kintsugi.examples.history.files;

import dev.kintsugi.examples.history.input.HistoryLine;

/** A change could not be stored, which ends the import. */
public final class ImportFailedException extends Exception {
  private static final long serialVersionUID = 1L;

  ImportFailedException(HistoryLine line, Throwable cause) {
    super(
        "The import stopped: commit %s of %s could not be stored: %s"
            .formatted(line.commit(), line.path(), cause),
        cause);
  }
}
