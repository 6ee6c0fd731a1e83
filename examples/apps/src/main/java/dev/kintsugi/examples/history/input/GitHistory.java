package dev.kintsugi.examples.history.input;

import dev.kintsugi.examples.common.BadInputException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The history of a git repository, as {@code git log} tells it. */
public final class GitHistory {

  private static final String[] HAS_A_COMMIT = {"rev-parse", "--quiet", "--verify", "HEAD"};

  /** The same whatever the user's git configuration says. */
  private static final String[] LOG = {
    "-c",
    "core.quotePath=false",
    "log",
    "--reverse",
    "--no-renames",
    "--no-merges",
    "--no-color",
    "--no-show-signature",
    "--name-status",
    "--format=C%x09%h%x09%ct%x09%ae"
  };

  private GitHistory() {}

  /**
   * Reads the history of the commit that is checked out.
   *
   * @throws BadInputException if there is no git, no repository, or no commit in it
   * @throws InterruptedException if the thread was interrupted; git goes on by itself
   */
  public static List<HistoryLine> of(Path directory)
      throws BadInputException, InterruptedException {
    if (!Files.isDirectory(directory)) {
      throw new BadInputException(directory + ": there is no such directory");
    }
    requireCommits(directory);
    Process git = start(git(directory, LOG).redirectError(Redirect.INHERIT));
    List<HistoryLine> lines;
    try (BufferedReader output = git.inputReader(StandardCharsets.UTF_8)) {
      lines = parse("git log of " + directory, output);
    } catch (IOException e) {
      throw new BadInputException(directory + ": git log can't be read: " + e.getMessage(), e);
    }
    int exit = git.waitFor();
    if (exit != 0) {
      throw new BadInputException(directory + ": git log failed with exit code " + exit);
    }
    return lines;
  }

  private static void requireCommits(Path directory)
      throws BadInputException, InterruptedException {
    Process git = start(git(directory, HAS_A_COMMIT).redirectErrorStream(true));
    StringBuilder said = new StringBuilder();
    try (BufferedReader output = git.inputReader(StandardCharsets.UTF_8)) {
      output.lines().limit(1).forEach(said::append);
      output.transferTo(Writer.nullWriter());
    } catch (IOException e) {
      throw new BadInputException(directory + ": git can't be read: " + e.getMessage(), e);
    }
    if (git.waitFor() != 0) {
      throw new BadInputException(
          "%s is no git repository with a commit in it%s"
              .formatted(directory, said.isEmpty() ? "" : " (git says: " + said + ")"));
    }
  }

  private static ProcessBuilder git(Path directory, String... arguments) {
    List<String> command = new ArrayList<>(List.of("git", "-C", directory.toString()));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command);
  }

  private static Process start(ProcessBuilder git) throws BadInputException {
    try {
      return git.start();
    } catch (IOException e) {
      throw new BadInputException("git can't be started: " + e.getMessage(), e);
    }
  }

  /**
   * Parses a log: a line {@code C}, commit, time, author for each commit, then an empty line and a
   * line with kind and path for each file, tabs between all of them.
   */
  static List<HistoryLine> parse(String source, BufferedReader log)
      throws BadInputException, IOException {
    LineParser parser = new LineParser(source);
    List<HistoryLine> lines = new ArrayList<>();
    String[] commit = {};
    int number = 0;
    for (String line = log.readLine(); line != null; line = log.readLine()) {
      number++;
      if (line.startsWith("C\t")) {
        commit = commit(parser, number, line);
      } else if (!line.isEmpty()) {
        lines.add(change(parser, number, commit, line));
      }
    }
    return lines;
  }

  private static String[] commit(LineParser parser, int number, String line)
      throws BadInputException {
    String[] fields = line.split("\t", 4);
    if (fields.length != 4) {
      throw parser.malformed(number, "C, commit, commit time and author", "'" + line + "'");
    }
    if (fields[3].isEmpty()) {
      fields[3] = "(no address)";
    }
    return fields;
  }

  private static HistoryLine change(LineParser parser, int number, String[] commit, String line)
      throws BadInputException {
    String[] fields = line.split("\t", 2);
    if (commit.length == 0 || fields.length != 2) {
      throw parser.malformed(number, "a commit, then kind and path", "'" + line + "'");
    }
    return parser.fields(number, commit[1], commit[2], commit[3], fields[0], fields[1]);
  }
}
