package dev.kintsugi.runtime.internal.handler;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Texts that were looked at before. Handlers that write values into their SQL make ever new ones:
 * so it keeps no long ones, and begins anew when it has many. Threads may share it.
 */
final class SeenTexts {

  /** With the longest texts, some 4 MB. */
  static final int KEPT = 1_000;

  static final int LONGEST = 2_000;

  private final Set<String> texts = ConcurrentHashMap.newKeySet();

  boolean contains(String text) {
    return texts.contains(text);
  }

  void add(String text) {
    if (text.length() > LONGEST) {
      return;
    }
    if (texts.size() >= KEPT) {
      texts.clear();
    }
    texts.add(text);
  }

  int size() {
    return texts.size();
  }
}
