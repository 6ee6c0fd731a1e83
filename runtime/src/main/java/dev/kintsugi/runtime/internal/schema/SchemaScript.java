package dev.kintsugi.runtime.internal.schema;

import dev.kintsugi.runtime.internal.event.JournalTables;
import dev.kintsugi.runtime.persistence.SchemaException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A script of {@code config/ddl/postgresql}, packed into the jar, as steps. It is the one source of
 * what must be there: each of its statements does nothing where it has been done, and here says how
 * that is seen in the catalog, by looks that nobody waits for. The statement itself would take a
 * lock, and wait for it behind any long reader with all writers behind it, just to do nothing.
 */
final class SchemaScript {

  /**
   * A statement of the script.
   *
   * @param name what it makes, for people: a table, an index, table.column, a constraint
   * @param table the table that it locks; what it makes where it locks none
   * @param done an SQL expression: whether it has been done
   * @param required whether nothing works without it
   * @param sql the statement
   */
  record Step(String name, String table, String done, boolean required, String sql) {
    /** Whether it makes a table or an index, and not a part of a table. */
    boolean makesRelation() {
      return done.equals(isThere(name));
    }
  }

  private record Form(Pattern pattern, Function<MatchResult, Step> step) {}

  private static final List<Form> FORMS =
      List.of(
          form(
              "CREATE TABLE IF NOT EXISTS (\\w+).*",
              m -> new Step(m.group(1), m.group(1), isThere(m.group(1)), true, m.group())),
          form(
              "CREATE (?:UNIQUE )?INDEX IF NOT EXISTS (\\w+)\\s+ON (\\w+).*",
              m -> new Step(m.group(1), m.group(2), isThere(m.group(1)), true, m.group())),
          form(
              "DROP INDEX IF EXISTS (\\w+)",
              m ->
                  new Step(
                      m.group(1),
                      m.group(1),
                      "to_regclass('%s') IS NULL".formatted(m.group(1)),
                      false,
                      m.group())),
          form(
              "ALTER TABLE (\\w+) ADD COLUMN IF NOT EXISTS (\\w+).*",
              m ->
                  new Step(
                      m.group(1) + "." + m.group(2),
                      m.group(1),
                      "EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('%s') AND attname = '%s' AND NOT attisdropped)"
                          .formatted(m.group(1), m.group(2)),
                      true,
                      m.group())),
          // Made anew where another text of it is there: of an older version, or for other tables.
          form(
              "CREATE OR REPLACE FUNCTION (\\w+)\\(([\\w, ]*)\\)\\s.*\\$\\$(.*)\\$\\$",
              m ->
                  new Step(
                      "function " + m.group(1),
                      m.group(1),
                      "EXISTS (SELECT FROM pg_proc WHERE oid = to_regprocedure('%s(%s)') AND md5(prosrc) = '%s')"
                          .formatted(m.group(1), m.group(2), md5(m.group(3))),
                      true,
                      m.group())),
          // Whatever their values: somebody may have other ones for a reason.
          form(
              "ALTER TABLE (\\w+) SET \\((.*)\\)",
              m ->
                  new Step(
                      "storage parameters of " + m.group(1),
                      m.group(1),
                      Stream.of(m.group(2).split(",", -1))
                          .map(setting -> setting.strip().split("\\s*=", 2)[0])
                          .map(
                              setting ->
                                  "EXISTS (SELECT FROM pg_class, unnest(reloptions) o WHERE oid = to_regclass('%s') AND o LIKE '%s=%%')"
                                      .formatted(m.group(1), setting))
                          .collect(Collectors.joining(" AND ")),
                      false,
                      m.group())),
          form(
              "DO \\$\\$\\s*BEGIN\\s+IF NOT EXISTS \\((SELECT FROM .*? to_regclass\\('(\\w+)'\\).*?)\\) THEN\\s.*\\bEND IF;\\s*END\\s*\\$\\$",
              m ->
                  new Step(
                      find("conname = '(\\w+)'", m.group(1))
                          .orElse(find("CREATE TABLE (\\w+)", m.group()).orElse(m.group(2))),
                      m.group(2),
                      "EXISTS (" + m.group(1) + ")",
                      true,
                      m.group())));

  private final List<Step> steps;

  private SchemaScript(List<Step> steps) {
    this.steps = steps;
  }

  /**
   * A script.
   *
   * @throws SchemaException if it has a statement of which it can't be said how to see that it has
   *     been done
   */
  static SchemaScript read(String name) {
    return parse(text(name));
  }

  /**
   * A script that reads the journal as {@code event_journal j}, for one of other names. What has
   * its standard name stays as it is written: so the same is made as by hand.
   */
  static SchemaScript readFor(JournalTables journal, String name) {
    Map<String, String> names =
        Map.of(
            "event_journal j", journal.table() + " j",
            "j.ordering", "j." + journal.ordering(),
            "j.persistence_id", "j." + journal.persistenceId(),
            "j.sequence_number", "j." + journal.sequenceNumber());
    return parse(
        Pattern.compile("\\b(event_journal j|j\\.\\w+)\\b")
            .matcher(text(name))
            .replaceAll(
                m -> {
                  String asConfigured = names.getOrDefault(m.group(), m.group());
                  return Matcher.quoteReplacement(
                      asConfigured.replace("\"", "").equals(m.group()) ? m.group() : asConfigured);
                }));
  }

  static SchemaScript parse(String script) {
    String plain =
        script
            .lines()
            .filter(line -> !line.strip().startsWith("--"))
            .collect(Collectors.joining("\n"));
    List<Step> steps = new ArrayList<>();
    for (String statement : statements(plain)) {
      steps.add(step(statement));
    }
    return new SchemaScript(steps);
  }

  private static Step step(String statement) {
    for (Form form : FORMS) {
      Matcher matcher = form.pattern().matcher(statement);
      if (matcher.matches()) {
        return form.step().apply(matcher.toMatchResult());
      }
    }
    throw new SchemaException(
        "it can't be seen whether this statement of a script has been done: " + statement);
  }

  /** They end with a semicolon, which means nothing within a block. */
  private static List<String> statements(String script) {
    List<String> statements = new ArrayList<>();
    int begin = 0;
    boolean inBlock = false;
    for (int i = 0; i < script.length(); i++) {
      if (script.startsWith("$$", i)) {
        inBlock = !inBlock;
        i++;
      } else if (script.charAt(i) == ';' && !inBlock) {
        statements.add(script.substring(begin, i).strip());
        begin = i + 1;
      }
    }
    return statements;
  }

  List<Step> steps() {
    return steps;
  }

  /** The tables and indexes that it creates, and nothing else creates. */
  List<String> relations() {
    return steps.stream().filter(Step::makesRelation).map(Step::name).toList();
  }

  private static String isThere(String relation) {
    return "to_regclass('%s') IS NOT NULL".formatted(relation);
  }

  private static Form form(String pattern, Function<MatchResult, Step> step) {
    return new Form(Pattern.compile(pattern, Pattern.DOTALL), step);
  }

  private static String md5(String text) {
    try {
      byte[] digest =
          MessageDigest.getInstance("MD5").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // each JVM has it
    }
  }

  private static Optional<String> find(String pattern, String in) {
    return Pattern.compile(pattern)
        .matcher(in)
        .results()
        .map(result -> result.group(1))
        .findFirst();
  }

  private static String text(String name) {
    String resource = "/dev/kintsugi/ddl/postgresql/" + name;
    try (InputStream in = SchemaScript.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new SchemaException("the jar lacks " + resource);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
