package dev.kintsugi.examples.history.display;

import java.io.Console;
import java.io.PrintStream;
import java.util.Optional;

/** Where the state of a run is shown, a few times a second, by one thread. */
public sealed interface StatusView extends AutoCloseable permits LiveView, PlainView {

  /**
   * A view for where standard output goes: drawn over and over on a terminal, plain lines in a
   * file, in a pipe, or on a terminal that can't move its cursor.
   */
  static StatusView onStandardOutput() {
    boolean canMoveCursor = !System.getenv().getOrDefault("TERM", "dumb").equals("dumb");
    return terminal()
        .filter(console -> canMoveCursor)
        .<StatusView>map(console -> LiveView.open(console.charset()))
        .orElseGet(() -> inPlainLines(System.out));
  }

  /** A view that writes a plain line now and then. */
  static StatusView inPlainLines(PrintStream out) {
    return new PlainView(out);
  }

  /**
   * The terminal that standard input and output are, if they are one. (Java 22 to 24 would always
   * have a console; the build starts the program with {@code jdk.console=java.base}, as before.)
   */
  @SuppressWarnings("SystemConsoleNull")
  private static Optional<Console> terminal() {
    return Optional.ofNullable(System.console());
  }

  void show(Snapshot snapshot);

  /** Leaves the terminal as it was found. */
  @Override
  void close();
}
