package dev.kintsugi.runtime.persistence;

import java.sql.SQLException;

/** No connection to the database could be had; the message says which database and why. */
public final class DatabaseUnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With the words of the attempt to get one. */
  public DatabaseUnavailableException(SQLException cause) {
    super(cause.getMessage(), cause);
  }
}
