package dev.kintsugi.projections.fold;

import org.jspecify.annotations.Nullable;

/**
 * A stored state can't be read by this build: of another version, or no JSON of the state's class.
 */
public final class StateSchemaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private StateSchemaException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  static StateSchemaException ofOtherVersion(String table, String key, int found, int expected) {
    return new StateSchemaException(
        "the state of key '%s' in %s was written by version %d of the projection, and this build has version %d; a rebuild writes all states anew"
            .formatted(key, table, found, expected),
        null);
  }

  static StateSchemaException unreadable(
      String table, String key, Class<?> stateClass, Throwable cause) {
    return new StateSchemaException(
        "the state of key '%s' in %s can't be read as %s; if the class has changed, raise the projection's version, and a rebuild writes all states anew: %s"
            .formatted(key, table, stateClass.getName(), cause.getMessage()),
        cause);
  }
}
