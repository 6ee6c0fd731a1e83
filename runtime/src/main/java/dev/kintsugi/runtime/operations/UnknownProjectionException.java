package dev.kintsugi.runtime.operations;

/** Nobody has started a projection of this name; nothing was changed. */
public final class UnknownProjectionException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public UnknownProjectionException(String projection) {
    super("there is no projection '" + projection + "'");
  }
}
