package dev.kintsugi.runtime.internal.rebuild;

import java.util.Arrays;
import java.util.Locale;

/**
 * What a start does about a projection whose version is higher than the database's. The key is
 * {@code kintsugi.rebuild.on-raised-version}.
 */
public enum OnRaisedVersion {
  /** The projection is rebuilt at once. */
  AUTOMATIC,
  /** It is said, and the projection is rebuilt when somebody asks for it. */
  WAIT;

  static OnRaisedVersion of(String text) {
    return Arrays.stream(values())
        .filter(policy -> policy.name().toLowerCase(Locale.ROOT).equals(text))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "kintsugi.rebuild.on-raised-version is '%s'; it is to be automatic or wait"
                        .formatted(text)));
  }
}
