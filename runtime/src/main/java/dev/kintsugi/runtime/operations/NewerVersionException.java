package dev.kintsugi.runtime.operations;

/** The database has a newer version of the projection than this build; nothing was changed. */
public final class NewerVersionException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public NewerVersionException(String projection, int version, int ours) {
    super(
        "projection '%s' is not rebuilt: its version is %d, and this build has %d; ask a node that runs the newer build, or allow the lower version: management(who).rebuild(\"%1$s\", reason, true), over HTTP \"allowLowerVersion\": true"
            .formatted(projection, version, ours));
  }
}
