package dev.kintsugi.runtime.operations;

/** The projection can't have that name just now; nothing was changed. */
public final class NotRenamedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public NotRenamedException(String projection, String to, String why) {
    super("projection '%s' is not renamed to '%s': %s".formatted(projection, to, why));
  }
}
