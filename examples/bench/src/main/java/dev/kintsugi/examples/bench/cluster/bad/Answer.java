package dev.kintsugi.examples.bench.cluster.bad;

/**
 * What came back.
 *
 * @param status or one of those below, if there is none
 * @param contentType empty if it is not said
 */
record Answer(int status, String contentType, String body) {

  /** The status of a connection that was closed or reset without an answer. */
  static final int HUNG_UP = 0;

  /** The status of nothing at all, for a long time. */
  static final int SILENT = -1;

  static final Answer NONE = new Answer(HUNG_UP, "", "");

  /** The status, for people. */
  String shown() {
    return shown(status);
  }

  static String shown(int status) {
    return status == HUNG_UP ? "hung up" : status == SILENT ? "silence" : String.valueOf(status);
  }
}
