package dev.kintsugi.examples.bench;

import java.io.PrintWriter;
import java.io.StringWriter;
import picocli.CommandLine;

/** A run of the program in this JVM: its exit code, and what it printed. */
public record Program(int exitCode, String out, String err) {

  public static Program run(String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine commandLine = Bench.commandLine();
    commandLine.setOut(new PrintWriter(out, true));
    commandLine.setErr(new PrintWriter(err, true));
    int exitCode = commandLine.execute(args);
    return new Program(exitCode, out.toString(), err.toString());
  }
}
