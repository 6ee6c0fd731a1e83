package dev.kintsugi.runtime.jdbc;

/** No connection to the database could be had; the message says which database and why. */
public final class DatabaseUnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  DatabaseUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
