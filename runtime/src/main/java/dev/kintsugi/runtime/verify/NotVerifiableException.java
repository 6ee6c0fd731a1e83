package dev.kintsugi.runtime.verify;

/** A read model can't be held against its journal now; the message says why, and what to do. */
public final class NotVerifiableException extends Exception {

  private static final long serialVersionUID = 1L;

  public NotVerifiableException(String message) {
    super(message);
  }
}
