package dev.kintsugi.examples.common;

/**
 * What the user gave can't be used. The message is one line for the user, without a stack trace.
 */
public final class BadInputException extends Exception {
  private static final long serialVersionUID = 1L;

  public BadInputException(String message) {
    super(message);
  }

  public BadInputException(String message, Throwable cause) {
    super(message, cause);
  }
}
