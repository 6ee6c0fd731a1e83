package dev.kintsugi.runtime.operations;

/** The projection is being rebuilt already; nothing was changed. */
public final class RebuildInProgressException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public RebuildInProgressException(String projection, String what) {
    super("projection '" + projection + "' is not rebuilt: " + what);
  }
}
