package dev.kintsugi.runtime.interleaving;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads from the text of a statement what it touches. It need not understand SQL: where it is in
 * doubt it takes more for touched.
 */
final class Sql {

  private static final Pattern LOCKING =
      Pattern.compile("for (no key )?(update|share|key share)( of \\w+)?");
  private static final Pattern WRITTEN =
      Pattern.compile("(insert into|copy|update|delete from) (?:only )?(\\w+)");

  private static final String UPSERT = "do update set";

  /** How much there is to replay: shown to people as progress, and nothing else depends on it. */
  private static final List<String> SURVEY =
      List.of(
          "select count(*) filter (where not deleted)",
          "select persistence_id from event_journal where deleted");

  /** Events whose skip records have been seen: they were committed with these. */
  private static final String OF_RECORDS = "from event_journal where ordering = any (?)";

  /** A look at who holds that lock reads nothing of it. */
  private static final String NAMED_FOR_ITS_LOCK = "'kintsugi_projection'::regclass";

  /** A look at who has drawn a number of the journal's. */
  private static final String LOOKS_AT_WRITERS = "l.mode = 'rowexclusivelock'";

  /** A look at who has a snapshot that he keeps. */
  private static final String LOOKS_AT_SNAPSHOTS = "a.backend_xmin is not null";

  /** A statement about a schema is one about all that is in it. */
  private static final Pattern OF_A_PLACE = Pattern.compile("(create|drop|set) schema ");

  private static final Pattern WORD = Pattern.compile("\\w+");
  private static final Pattern KNOWN_VERB =
      Pattern.compile("(select|with|insert|copy|update|delete)\\b.*", Pattern.DOTALL);

  private static final Pattern CHANGES =
      Pattern.compile("(insert|copy|update|delete)\\b.*", Pattern.DOTALL);

  private final Set<String> tables;
  private final Set<String> numbered;
  private final Set<String> placed;
  private final boolean comparesIds;
  private final Map<String, Statement> known = new ConcurrentHashMap<>();

  /**
   * Reads statements on a database.
   *
   * @param tables all tables of the database
   * @param numbered those of them with a column that a sequence fills
   * @param comparesIds whether it matters in which order transactions are given their ids
   */
  Sql(Set<String> tables, Set<String> numbered, boolean comparesIds) {
    this(tables, numbered, Set.of(), comparesIds);
  }

  /**
   * The same.
   *
   * @param placed those tables that generations have in schemas of their own
   */
  Sql(Set<String> tables, Set<String> numbered, Set<String> placed, boolean comparesIds) {
    this.placed = Set.copyOf(placed);
    this.comparesIds = comparesIds;
    this.tables = Set.copyOf(tables);
    this.numbered = Set.copyOf(numbered);
  }

  /** What a statement touches, and which tables it changes. */
  record Statement(Access access, boolean needsId, Set<String> drawsWithId) {

    /**
     * As the first of its transaction that needs an id, or a later one.
     *
     * @param held what the transaction has locks on before it
     */
    Access after(boolean hasId, Set<String> held) {
      boolean takesId = needsId && !hasId;
      Set<String> draws = new HashSet<>(access.draws());
      if (takesId) {
        draws.addAll(drawsWithId);
      }
      Set<String> holds = new HashSet<>(access.holds());
      holds.removeAll(held);
      return new Access(
          access.reads(),
          access.writes(),
          access.locks(),
          access.owns(),
          draws,
          access.shows(),
          takesId,
          false,
          access.takesFence(),
          access.looksAtEnds(),
          holds,
          access.releases(),
          access.looksAtHolders());
    }
  }

  /**
   * The same of the first statement of a transaction that keeps its snapshot: it is one of all that
   * is read behind it.
   */
  Access keepingSnapshot(Access first) {
    Set<String> reads = new HashSet<>(placed);
    reads.add("kintsugi_skip");
    return first.keepingSnapshot(reads);
  }

  /** What a statement touches; the same texts come again and again. */
  Statement read(String text) {
    return known.computeIfAbsent(text, this::parse);
  }

  private Statement parse(String text) {
    String sql = text.toLowerCase(Locale.ROOT).replace("\"", "").replaceAll("\\s+", " ").strip();
    if (SURVEY.stream().anyMatch(sql::startsWith) || sql.contains(OF_RECORDS)) {
      return new Statement(Access.NONE, false, Set.of());
    }
    if (sql.startsWith("prepare transaction")) {
      return new Statement(Access.PREPARE, false, Set.of());
    }
    boolean locking = LOCKING.matcher(sql).find();
    String plain = LOCKING.matcher(sql).replaceAll("").replace(UPSERT, "");
    Set<String> looksAtHolders = new HashSet<>();
    if (plain.contains(NAMED_FOR_ITS_LOCK)
        && plain.contains(Rewriting.HOLDS_THE_LOCK.strip().toLowerCase(Locale.ROOT))) {
      looksAtHolders.addAll(Access.STATUSES);
    }
    if (plain.contains(LOOKS_AT_WRITERS)) {
      looksAtHolders.addAll(Access.JOURNAL);
    }
    plain = plain.replace(NAMED_FOR_ITS_LOCK, "");
    Set<String> named = named(plain);
    Set<String> writes = new HashSet<>();
    Set<String> draws = new HashSet<>();
    Set<String> locks = new HashSet<>();
    Set<String> owns = new HashSet<>();
    if (KNOWN_VERB.matcher(plain).matches()) {
      Matcher written = WRITTEN.matcher(plain);
      while (written.find()) {
        if (tables.contains(written.group(2))) {
          writes.add(written.group(2));
          boolean inserts =
              written.group(1).equals("insert into") || written.group(1).equals("copy");
          if (!inserts || sql.contains(UPSERT)) {
            locks.add(written.group(2));
          } else if (numbered.contains(written.group(2))) {
            draws.add(written.group(2));
          }
        }
      }
      if (locking) {
        locks.addAll(named);
      }
    } else {
      if (OF_A_PLACE.matcher(plain).find()) {
        named.addAll(placed);
      }
      owns.addAll(named);
      writes.addAll(named);
    }
    if (writes.isEmpty() && CHANGES.matcher(plain).matches()) {
      throw new IllegalArgumentException("what does it change? " + text);
    }
    if (plain.contains("pg_advisory")) {
      locks.add("an advisory lock");
    }
    Set<String> reads = readBy(plain, named);
    if (plain.contains(LOOKS_AT_SNAPSHOTS)) {
      reads.add(Access.SNAPSHOTS);
    }
    boolean asksForId = plain.contains("pg_current_xact_id");
    boolean takesFence = plain.equals("select pg_current_xact_id()::text");
    boolean looksAtEnds = plain.contains("pg_current_snapshot");
    boolean needsId = asksForId || locking || !writes.isEmpty();
    Access access =
        new Access(
            reads,
            writes,
            locks,
            owns,
            draws,
            Set.of(),
            false,
            false,
            takesFence,
            looksAtEnds,
            held(named, writes),
            Set.of(),
            looksAtHolders);
    return new Statement(access, needsId, comparesIds ? Set.of("ids") : Set.of());
  }

  /** What it holds a lock on from here on, that somebody looks at. */
  private static Set<String> held(Set<String> named, Set<String> writes) {
    Set<String> held = new HashSet<>(named);
    held.retainAll(Access.STATUSES);
    Set<String> written = new HashSet<>(writes);
    written.retainAll(Access.JOURNAL);
    held.addAll(written);
    return held;
  }

  /**
   * The tables that a statement's snapshot matters for: those that it names otherwise than to
   * insert into them. Of the rows that are there an insert knows only the same key, and no two
   * transactions here insert one, unless they upsert.
   */
  private static Set<String> readBy(String sql, Set<String> named) {
    Set<String> reads = new HashSet<>(named);
    if (sql.contains("on conflict") && !sql.contains("do nothing")) {
      return reads;
    }
    reads.removeIf(
        table ->
            sql.matches("(?s).*\\b(insert into|copy) " + table + "\\b.*")
                && sql.split("\\b" + table + "\\b", -1).length == 2);
    return reads;
  }

  private Set<String> named(String sql) {
    Set<String> named = new HashSet<>();
    Matcher word = WORD.matcher(sql);
    while (word.find()) {
      if (tables.contains(word.group())) {
        named.add(word.group());
      }
    }
    return named;
  }

  /**
   * The same statement, where it looks at who has a snapshot: those that keep one are left. On READ
   * COMMITTED a transaction has one between two statements, too, but never reads by it again: who
   * does not wait for it is only quicker.
   */
  static String lookingAtReaders(String statement) {
    return statement.replace(
        "a.backend_xmin IS NOT NULL",
        "a.backend_xmin IS NOT NULL AND a.application_name = '" + Beside.READER + "'");
  }

  /** The statements that go to the server in one round trip, each with a snapshot of its own. */
  static List<String> split(String text) {
    List<String> statements = new ArrayList<>();
    int begin = 0;
    boolean quoted = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\'') {
        quoted = !quoted;
      } else if (c == ';' && !quoted) {
        statements.add(text.substring(begin, i).strip());
        begin = i + 1;
      }
    }
    statements.add(text.substring(begin).strip());
    statements.removeIf(String::isEmpty);
    return statements;
  }
}
