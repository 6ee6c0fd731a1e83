package dev.kintsugi.management;

/** A request that is answered with a problem (RFC 9457). */
final class ProblemException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int status;

  /**
   * A problem.
   *
   * @param detail what is wrong, and what to do
   */
  ProblemException(int status, String detail) {
    super(detail, null, false, false);
    this.status = status;
  }

  int status() {
    return status;
  }

  String detail() {
    return String.valueOf(getMessage());
  }
}
