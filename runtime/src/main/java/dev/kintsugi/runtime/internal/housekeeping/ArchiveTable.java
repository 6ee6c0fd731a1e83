package dev.kintsugi.runtime.internal.housekeeping;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.LocalDate;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code kintsugi_skip_archive} and its partitions, as the database's catalog has them. What days a
 * partition is for, its name says; days are UTC's.
 *
 * @param schema quoted
 * @param owner quoted
 * @param user who asks, quoted
 * @param mayAlter whether that user has the rights of the table's owner
 * @param mayCreate whether user and owner may both make tables in the schema
 */
record ArchiveTable(
    String schema,
    String owner,
    String user,
    boolean mayAlter,
    boolean mayCreate,
    List<Partition> partitions) {

  static final String NAME = "kintsugi_skip_archive";

  /** What the name of a partition begins with that is for all days before one. */
  static final String UNTIL = NAME + "_until_";

  /** The comment on a partition that is dropped, or is going to be. */
  static final String BEING_DROPPED = "Past its retention; Kintsugi drops it";

  private static final String DAY = NAME + "_p";
  private static final Pattern OURS = Pattern.compile(NAME + "_(p|until_)([0-9]{8})");

  private static final String TABLE =
      """
      SELECT quote_ident(n.nspname), quote_ident(o.rolname), quote_ident(current_user),
        pg_has_role(c.relowner, 'USAGE'),
        has_schema_privilege(n.oid, 'CREATE') AND has_schema_privilege(c.relowner, n.oid, 'CREATE')
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_roles o ON o.oid = c.relowner
      WHERE c.oid = 'kintsugi_skip_archive'::regclass
      """;

  /** PostgreSQL 13 has no column inhdetachpending. */
  private static final String PARTITIONS =
      """
      SELECT c.relname, format('%I.%I', n.nspname, c.relname), c.relnamespace = parent.relnamespace,
        p.partdefid = c.oid, COALESCE((to_jsonb(i) ->> 'inhdetachpending')::boolean, FALSE)
      FROM pg_inherits i
      JOIN pg_class parent ON parent.oid = i.inhparent
      JOIN pg_partitioned_table p ON p.partrelid = i.inhparent
      JOIN pg_class c ON c.oid = i.inhrelid
      JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE i.inhparent = 'kintsugi_skip_archive'::regclass
      ORDER BY c.relname
      """;

  private static final String DETACHED =
      """
      SELECT format('%%I.%%I', n.nspname, c.relname)
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_class parent ON parent.relnamespace = n.oid
      WHERE parent.oid = 'kintsugi_skip_archive'::regclass AND c.relkind = 'r'
        AND NOT c.relispartition AND c.relname ~ '^%s$'
        AND obj_description(c.oid, 'pg_class') = '%s'
      ORDER BY c.relname
      """
          .formatted(OURS.pattern(), BEING_DROPPED);

  /**
   * A partition.
   *
   * @param qualified with its schema, quoted
   * @param days for which days it is; empty if its name is none of those that Kintsugi gives
   * @param detachPending whether an ALTER TABLE … DETACH PARTITION … CONCURRENTLY was begun and is
   *     not finished
   */
  record Partition(
      String name,
      String qualified,
      Optional<Days> days,
      boolean isDefault,
      boolean detachPending) {}

  /**
   * Days.
   *
   * @param from the first one, or LocalDate.MIN
   * @param until the one after the last
   */
  record Days(LocalDate from, LocalDate until) {
    boolean contains(LocalDate day) {
      return !day.isBefore(from) && day.isBefore(until);
    }

    private static Optional<Days> ofPartition(String name) {
      Matcher ours = OURS.matcher(name);
      if (!ours.matches()) {
        return Optional.empty();
      }
      return parse(ours.group(2))
          .map(
              day ->
                  ours.group(1).equals("p")
                      ? new Days(day, day.plusDays(1))
                      : new Days(LocalDate.MIN, day));
    }
  }

  private static Optional<LocalDate> parse(String day) {
    try {
      return Optional.of(LocalDate.parse(day, DateTimeFormatter.BASIC_ISO_DATE));
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }

  /** The name of the partition for one day. */
  static String nameOf(LocalDate day) {
    return DAY + DateTimeFormatter.BASIC_ISO_DATE.format(day);
  }

  /** The name of the partition for all days before one, and of the constraint that proves it. */
  static String nameUntil(LocalDate day) {
    return UNTIL + DateTimeFormatter.BASIC_ISO_DATE.format(day);
  }

  /** The day in a name that {@link #nameUntil} made. */
  static Optional<LocalDate> dayUntil(String name) {
    return name.startsWith(UNTIL) ? parse(name.substring(UNTIL.length())) : Optional.empty();
  }

  /** The beginning of a day, as a literal. */
  static String literal(LocalDate day) {
    return "'%s 00:00:00+00'".formatted(day);
  }

  static ArchiveTable read(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(TABLE)) {
      row.next();
      return new ArchiveTable(
          row.getString(1),
          row.getString(2),
          row.getString(3),
          row.getBoolean(4),
          row.getBoolean(5),
          partitions(connection));
    }
  }

  private static List<Partition> partitions(Connection connection) throws SQLException {
    List<Partition> partitions = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(PARTITIONS)) {
      while (row.next()) {
        String name = row.getString(1);
        boolean isInSchema = row.getBoolean(3);
        partitions.add(
            new Partition(
                name,
                row.getString(2),
                isInSchema ? Days.ofPartition(name) : Optional.empty(),
                row.getBoolean(4),
                row.getBoolean(5)));
      }
    }
    return partitions;
  }

  /**
   * What was detached to be dropped, and is still there, as a crash came between; with schemas,
   * quoted.
   */
  static List<String> detached(Connection connection) throws SQLException {
    List<String> tables = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(DETACHED)) {
      while (row.next()) {
        tables.add(row.getString(1));
      }
    }
    return tables;
  }

  /** With its schema, quoted. */
  String qualified() {
    return schema + "." + NAME;
  }

  Optional<Partition> defaultPartition() {
    return partitions.stream().filter(Partition::isDefault).findFirst();
  }

  boolean covers(LocalDate day) {
    return partitions.stream()
        .filter(partition -> !partition.detachPending())
        .anyMatch(partition -> partition.days().filter(days -> days.contains(day)).isPresent());
  }
}
