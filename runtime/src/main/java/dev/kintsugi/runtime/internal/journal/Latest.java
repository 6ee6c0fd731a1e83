package dev.kintsugi.runtime.internal.journal;

import java.util.LinkedHashMap;
import java.util.Map;

/** A map that keeps so many of the latest entries: the eldest goes when there is one more. */
final class Latest<K, V> extends LinkedHashMap<K, V> {
  private static final long serialVersionUID = 1L;

  private final int kept;

  Latest(int kept) {
    this.kept = kept;
  }

  @Override
  protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
    return size() > kept;
  }
}
