package dev.kintsugi.runtime.persistence;

/** The database does not have the tables that are needed, or a script that makes them is wrong. */
public final class SchemaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public SchemaException(String message) {
    super(message);
  }

  public SchemaException(String message, Throwable cause) {
    super(message, cause);
  }
}
