package dev.kintsugi.runtime.operations;

/** The tables of the projection could not be emptied, or made anew; nothing was changed. */
public final class RebuildImpossibleException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public RebuildImpossibleException(String projection, String obstacle) {
    super("projection '%s' is not rebuilt: %s".formatted(projection, obstacle));
  }
}
