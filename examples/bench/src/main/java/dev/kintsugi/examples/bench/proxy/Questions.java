package dev.kintsugi.examples.bench.proxy;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;

/**
 * Reads along what a client asks in PostgreSQL's protocol, and tells where it commits: by a simple
 * query, or by a prepared statement, which has the text only when it is made. What is encrypted
 * tells nothing.
 */
final class Questions {

  private static final int LENGTH = 4;
  private static final int LARGEST = 1 << 30;

  /** As much of a message as is looked at: names and a short text. */
  private static final int KEPT = 256;

  private static final int VERSION_3 = 3 << 16;

  private final ByteBuffer head = ByteBuffer.allocate(1 + LENGTH);
  private final ByteArrayOutputStream start = new ByteArrayOutputStream();
  private final Set<String> commits = new HashSet<>();

  /** The messages of the start have no type; all others do. */
  private boolean typed;

  private boolean unreadable;
  private byte type;
  private int left;

  Questions() {
    awaitHead();
  }

  private void awaitHead() {
    head.clear().limit(typed ? 1 + LENGTH : LENGTH);
  }

  /** Whether these bytes, which follow those before, hold the last byte of what commits. */
  boolean commit(byte[] bytes, int count) {
    boolean commit = false;
    int at = 0;
    while (at < count && !unreadable) {
      if (head.hasRemaining()) {
        head.put(bytes[at++]);
        if (!head.hasRemaining()) {
          beginMessage();
        }
      } else {
        int part = Math.min(left, count - at);
        start.write(bytes, at, Math.min(part, KEPT - Math.min(KEPT, start.size())));
        at += part;
        left -= part;
      }
      if (!head.hasRemaining() && left == 0) {
        commit |= endMessage();
      }
    }
    return commit;
  }

  private void beginMessage() {
    head.flip();
    type = typed ? head.get() : 0;
    left = head.getInt() - LENGTH;
    unreadable = left < 0 || left > LARGEST;
    start.reset();
  }

  private boolean endMessage() {
    ByteBuffer message = ByteBuffer.wrap(start.toByteArray());
    boolean commit =
        switch (type) {
          case 0 -> {
            typed = message.remaining() >= LENGTH && message.getInt() == VERSION_3;
            yield false;
          }
          case 'P' -> {
            prepare(text(message), text(message));
            yield false;
          }
          case 'B' -> {
            text(message); // the portal
            yield commits.contains(text(message));
          }
          case 'Q' -> commits(text(message));
          default -> false;
        };
    awaitHead();
    return commit;
  }

  private void prepare(String statement, String sql) {
    if (commits(sql)) {
      commits.add(statement);
    } else {
      commits.remove(statement);
    }
  }

  private static boolean commits(String sql) {
    return sql.trim().equalsIgnoreCase("COMMIT");
  }

  /** Up to the next zero. */
  private static String text(ByteBuffer message) {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    while (message.hasRemaining()) {
      byte next = message.get();
      if (next == 0) {
        break;
      }
      text.write(next);
    }
    return text.toString(StandardCharsets.UTF_8);
  }
}
