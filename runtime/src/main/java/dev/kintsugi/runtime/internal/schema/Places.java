package dev.kintsugi.runtime.internal.schema;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.internal.jdbc.SearchPath;
import dev.kintsugi.runtime.internal.jdbc.SqlStates;
import dev.kintsugi.runtime.persistence.SchemaException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Places: schemas that generations have of their own, so that several can be there at a time
 * (DESIGN 7). The names that readers use are views then, over the tables and views of the
 * generation that serves. Every method works in the caller's transaction.
 */
public final class Places {

  private static final int LONGEST_NAME = 63;

  private static final String MAY_CREATE =
      """
      SELECT has_database_privilege(current_database(), 'CREATE'), quote_ident(current_user),
        quote_ident(current_database())
      """;

  /**
   * What depends on relations of the projection, where it could not be led to another place: other
   * views can, if they are the user's to replace.
   */
  private static final String IN_THE_WAY =
      """
      WITH own AS (
        SELECT to_regclass(t.table_name)::oid AS oid FROM kintsugi_table t WHERE t.projection = ?
        UNION SELECT to_regclass(v)::oid FROM kintsugi_table t, unnest(t.views) v WHERE t.projection = ?
        UNION SELECT p.relid FROM kintsugi_table t, pg_partition_tree(to_regclass(t.table_name)) p
        WHERE t.projection = ?)
      SELECT DISTINCT CASE
          WHEN k.oid IS NOT NULL THEN 'foreign key ' || quote_ident(k.conname) || ' of table ' || k.conrelid::regclass
          WHEN v.relkind = 'm' THEN 'materialized view ' || v.oid::regclass
          WHEN v.oid IS NOT NULL THEN 'view ' || v.oid::regclass || ', which belongs to ' || quote_ident(pg_get_userbyid(v.relowner))
          ELSE pg_describe_object(d.classid, d.objid, 0) END
      FROM own JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = own.oid
        AND d.deptype = 'n'
      LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
      LEFT JOIN pg_class v ON v.oid = r.ev_class
      LEFT JOIN pg_constraint k ON d.classid = 'pg_constraint'::regclass AND k.oid = d.objid
      LEFT JOIN pg_attrdef a ON d.classid = 'pg_attrdef'::regclass AND a.oid = d.objid
      WHERE NOT EXISTS (SELECT FROM own o WHERE o.oid IN (v.oid, k.conrelid, a.adrelid))
        AND NOT (v.oid IS NOT NULL AND v.relkind = 'v' AND pg_has_role(v.relowner, 'USAGE'))
        AND d.classid <> 'pg_trigger'::regclass AND d.classid <> 'pg_policy'::regclass
        AND NOT EXISTS (SELECT FROM pg_class i WHERE d.classid = 'pg_class'::regclass AND i.oid = d.objid
          AND i.relkind IN ('i', 'I', 'S', 't'))
      ORDER BY 1
      """;

  /** The tables of a projection and the views of its script that are there, the oldest first. */
  private static final String NOTED =
      """
      SELECT DISTINCT c.oid, quote_ident(n.nspname), quote_ident(c.relname), c.relkind, c.relname
      FROM (SELECT table_name AS name FROM kintsugi_table WHERE projection = ?
        UNION SELECT unnest(views) FROM kintsugi_table WHERE projection = ?) t
      JOIN pg_class c ON c.oid = to_regclass(t.name) JOIN pg_namespace n ON n.oid = c.relnamespace
      ORDER BY c.oid
      """;

  private static final String IN_PLACE =
      """
      SELECT c.oid, quote_ident(n.nspname), quote_ident(c.relname), c.relkind, c.relname
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = ? AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition
      ORDER BY c.oid
      """;

  private static final String EXISTS = "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = ?)";

  private static final String DEPENDENT_OF_PLACE =
      """
      SELECT DISTINCT COALESCE('view ' || v.oid::regclass::text,
        'foreign key ' || quote_ident(k.conname) || ' of table ' || k.conrelid::regclass)
      FROM pg_class c JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid
        AND d.deptype = 'n'
      LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
      LEFT JOIN pg_class v ON v.oid = r.ev_class AND v.relnamespace <> c.relnamespace
      LEFT JOIN pg_constraint k ON d.classid = 'pg_constraint'::regclass AND k.oid = d.objid
        AND k.connamespace <> c.relnamespace
      WHERE c.relnamespace = ?::regnamespace AND (v.oid IS NOT NULL OR k.oid IS NOT NULL)
      ORDER BY 1
      """;

  private static final String HAND_MADE =
      """
      SELECT regexp_replace(
        regexp_replace(pg_get_indexdef(i.indexrelid), '^CREATE INDEX ', 'CREATE INDEX IF NOT EXISTS '),
        ' ON (ONLY )?[^ ]+ USING ', format(' ON %I.%I USING ', ?::text, c.relname))
      FROM kintsugi_table t
      JOIN pg_class c ON c.oid = to_regclass(COALESCE(quote_ident(?::text) || '.', '') || t.table_name)
      JOIN pg_index i ON i.indrelid = c.oid JOIN pg_class x ON x.oid = i.indexrelid
      WHERE t.projection = ? AND NOT x.relname = ANY (COALESCE(t.indexes, ARRAY[x.relname::text]))
        AND NOT i.indisunique AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)
      ORDER BY 1
      """;

  /**
   * What may be done with tables and sequences of the generation that serves, said of those of the
   * same names in another place: an application may write as another user than the runtime does.
   */
  private static final String GRANTS =
      """
      WITH older AS (
        SELECT c.oid, c.relname, c.relkind, c.relacl, c.relowner FROM pg_class c
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S') AND c.relnamespace = COALESCE(
          to_regnamespace(quote_ident(?::text)), (
          SELECT t.relnamespace FROM kintsugi_table k JOIN pg_class t ON t.oid = to_regclass(k.table_name)
          WHERE k.projection = ? LIMIT 1)))
      SELECT format('GRANT %s ON %s %I.%I TO %s%s', g.privilege_type,
        CASE older.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, n.nspname, c.relname,
        CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END,
        CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
      FROM older JOIN pg_class c ON c.relname = older.relname AND c.relkind = older.relkind
      JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = ?, aclexplode(older.relacl) AS g
      WHERE g.grantee <> older.relowner
      ORDER BY 1
      """;

  private Places() {}

  /** A table or a view. Its names are quoted, but for the last one. */
  record Relation(long oid, String schema, String name, String kind, String unquoted) {
    String qualified() {
      return schema + "." + name;
    }

    String alter() {
      return switch (kind) {
        case "v" -> "ALTER VIEW ";
        case "m" -> "ALTER MATERIALIZED VIEW ";
        default -> "ALTER TABLE ";
      };
    }
  }

  private static String nameOf(String projection, int generation, String suffix) {
    String name = "kintsugi_%s_%d%s".formatted(projection, generation, suffix);
    if (name.length() > LONGEST_NAME) {
      throw new SchemaException(
          "generation %d of projection '%s' can't be built beside the one that serves, as the schema %s of its tables would have a longer name than PostgreSQL takes (%d bytes). Rename the projection, or rebuild it in place."
              .formatted(generation, projection, name, LONGEST_NAME));
    }
    return name;
  }

  /**
   * Makes an empty schema for a generation. A name that is taken is left alone: another application
   * may have its projections in this database, in another schema.
   *
   * @return its name
   * @throws SchemaException if PostgreSQL takes no name of that length
   */
  public static String make(Connection connection, String projection, int generation)
      throws SQLException {
    ReadModels.lock(connection);
    String name = nameOf(projection, generation, "");
    for (int i = 2; exists(connection, name); i++) {
      name = nameOf(projection, generation, "_" + i);
    }
    try (Statement statement = connection.createStatement()) {
      // What is in it is guarded by its own privileges, as it is in the readers' schema.
      statement.execute("CREATE SCHEMA %1$s; GRANT USAGE ON SCHEMA %1$s TO PUBLIC".formatted(name));
    }
    return name;
  }

  /**
   * Why a projection can't be built beside what serves, and how it could; empty if nothing is in
   * the way, as far as the catalog tells. To be asked before anything is changed.
   *
   * @param hasPlace whether what serves has a place; if not, its tables have the names that readers
   *     use
   */
  public static Optional<String> obstacle(
      Connection connection, String projection, int generation, boolean hasPlace)
      throws SQLException {
    try {
      nameOf(projection, generation, "");
    } catch (SchemaException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(MAY_CREATE)) {
      row.next();
      if (!row.getBoolean(1)) {
        return Optional.of(
            "the user %1$s may make no schema in the database %2$s, and a build beside what serves has its tables in one of its own. GRANT CREATE ON DATABASE %2$s TO %1$s, or rebuild in place."
                .formatted(row.getString(2), row.getString(3)));
      }
    }
    List<String> inTheWay = hasPlace ? List.of() : inTheWay(connection, projection);
    return inTheWay.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "what is built beside is served by views of the tables' names, and these depend on the tables themselves: %s. Drop that, and make it again on the view once the new generation serves; or rebuild in place."
                .formatted(String.join(", ", inTheWay)));
  }

  private static List<String> inTheWay(Connection connection, String projection)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(IN_THE_WAY)) {
      select.setString(1, projection);
      select.setString(2, projection);
      select.setString(3, projection);
      return texts(select);
    }
  }

  /**
   * Makes the tables of a read model in an empty place, without the indexes that are built after a
   * replay.
   *
   * @throws SchemaException if the script fails
   */
  public static void fill(Connection connection, ReadModel readModel, String place)
      throws SQLException {
    SearchPath.beginWith(connection, place);
    ReadModels.runScript(connection, readModel.projection());
  }

  /**
   * Makes the tables in the place of the generation that serves anew, with another version's
   * script, and the views that readers use.
   */
  static void makeAgain(Connection connection, ReadModel readModel, String place)
      throws SQLException {
    String path = SearchPath.of(connection);
    List<ServedView> views = new ArrayList<>();
    for (Relation relation : in(connection, place)) {
      Optional<Relation> view = ServedView.find(connection, relation);
      if (view.isPresent()) {
        views.add(ServedView.read(connection, view.get()));
      }
    }
    try (Statement statement = connection.createStatement()) {
      for (int i = views.size() - 1; i >= 0; i--) {
        statement.execute("DROP VIEW " + views.get(i).relation().qualified());
      }
    }
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          "DROP SCHEMA %1$s CASCADE; CREATE SCHEMA %1$s; GRANT USAGE ON SCHEMA %1$s TO PUBLIC"
              .formatted(place));
    }
    fill(connection, readModel, place);
    ReadModels.createIndexes(connection, readModel.projection());
    List<Relation> made = in(connection, place);
    SearchPath.set(connection, null, path);
    for (Relation relation : made) {
      ServedView.show(connection, relation, views);
    }
    SearchPath.set(connection, place, path);
  }

  /**
   * Does what is left for after a replay: builds the indexes of a place, those that the definition
   * declares, and those that an operator made by hand on the tables of the generation that serves;
   * and grants what is granted on these.
   */
  public static void finish(
      Connection connection, Projection<?> projection, String place, Optional<String> servingPlace)
      throws SQLException {
    List<String> byHand;
    try (PreparedStatement select = connection.prepareStatement(HAND_MADE)) {
      select.setString(1, place);
      select.setString(2, servingPlace.orElse(null));
      select.setString(3, projection.name());
      byHand = texts(select);
    }
    try (PreparedStatement select = connection.prepareStatement(GRANTS)) {
      select.setString(1, servingPlace.orElse(null));
      select.setString(2, projection.name());
      select.setString(3, place);
      byHand.addAll(texts(select));
    }
    SearchPath.beginWith(connection, place);
    ReadModels.createIndexes(connection, projection);
    MadeByHand.again(connection, projection, byHand);
  }

  /**
   * Moves the tables of a generation that has no place into one, which is empty, and puts views
   * there instead, by which they can be written to as before: whoever has read the generation's row
   * before still does. Grants, owners and comments stay; views of others are led to the new ones.
   *
   * @throws SchemaException if something depends on them that can't be
   */
  public static void moveIn(Connection connection, String projection, String place)
      throws SQLException {
    ReadModels.lock(connection);
    List<String> inTheWay = inTheWay(connection, projection);
    if (!inTheWay.isEmpty()) {
      throw new SchemaException(
          "the tables of projection '%s' can't be moved to the schema %s, as these depend on them: %s. Drop that, and make it again on the views of their names."
              .formatted(projection, place, String.join(", ", inTheWay)));
    }
    List<Relation> relations = noted(connection, projection);
    List<ServedView> views = new ArrayList<>();
    for (Relation relation : relations) {
      views.add(ServedView.read(connection, relation));
    }
    List<String> others = DependentViews.of(connection, relations);
    try (Statement statement = connection.createStatement()) {
      for (Relation relation : relations) {
        statement.execute(relation.alter() + relation.qualified() + " SET SCHEMA " + place);
      }
    }
    for (ServedView view : views) {
      view.create(connection, place);
    }
    for (String other : others) {
      try (Statement statement = connection.createStatement()) {
        statement.execute(other);
      }
    }
  }

  /** Keeps everybody from writing by the names that readers use. */
  public static void refuseWrites(Connection connection, String projection, String place)
      throws SQLException {
    for (Relation relation : in(connection, place)) {
      Optional<Relation> view = ServedView.find(connection, relation);
      if (view.isPresent()) {
        ServedView.refuseWrites(connection, view.get().qualified());
      }
    }
  }

  /**
   * Points the names that readers use to another place. Waits for readers, for no longer than the
   * session's lock timeout.
   *
   * @param older the place of the generation that has served
   * @throws SchemaException if a name is taken, or something depends on what goes
   */
  public static void serve(Connection connection, String projection, String older, String place)
      throws SQLException {
    ReadModels.lock(connection);
    List<Relation> next = in(connection, place);
    try {
      for (Relation relation : in(connection, older)) {
        boolean stays = next.stream().anyMatch(each -> each.name().equals(relation.name()));
        Optional<Relation> view = ServedView.find(connection, relation);
        if (!stays && view.isPresent()) {
          try (Statement statement = connection.createStatement()) {
            statement.execute("DROP VIEW " + view.get().qualified());
          }
        }
      }
      for (Relation relation : next) {
        ServedView.point(connection, relation, older);
      }
    } catch (SQLException e) {
      if (SqlStates.of(e).filter(SqlStates.DEPENDENT_OBJECTS::equals).isEmpty()) {
        throw e;
      }
      throw new SchemaException(
          "a view of projection '%s' has to be dropped and made anew for the generation that is to serve, as its columns are others, and something depends on it. Drop that, and make it again once the new generation serves; the swap is tried again by itself. The database says: %s"
              .formatted(projection, e.getMessage()),
          e);
    }
  }

  /**
   * Drops a place.
   *
   * @throws SchemaException if something of others depends on its tables
   */
  public static void drop(Connection connection, String place) throws SQLException {
    if (!exists(connection, place)) {
      return;
    }
    List<String> dependent;
    try (PreparedStatement select = connection.prepareStatement(DEPENDENT_OF_PLACE)) {
      select.setString(1, place);
      dependent = texts(select);
    }
    if (!dependent.isEmpty()) {
      throw new SchemaException(
          "the schema %s of a generation that serves no more can't be dropped, as these depend on its tables: %s. Drop that first; it is tried again by itself."
              .formatted(place, String.join(", ", dependent)));
    }
    try (Statement statement = connection.createStatement()) {
      statement.execute("DROP SCHEMA " + place + " CASCADE");
    }
  }

  /** Drops the views that readers use, of a place whose projection is retired. */
  public static void dropViews(Connection connection, String place) throws SQLException {
    List<Relation> relations = new ArrayList<>(in(connection, place));
    java.util.Collections.reverse(relations);
    for (Relation relation : relations) {
      Optional<Relation> view = ServedView.find(connection, relation);
      if (view.isPresent()) {
        try (Statement statement = connection.createStatement()) {
          statement.execute("DROP VIEW " + view.get().qualified());
        }
      }
    }
  }

  private static boolean exists(Connection connection, String place) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(EXISTS)) {
      select.setString(1, place);
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return row.getBoolean(1);
      }
    }
  }

  private static List<Relation> noted(Connection connection, String projection)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(NOTED)) {
      select.setString(1, projection);
      select.setString(2, projection);
      return relations(select);
    }
  }

  /** The tables and views of a place, the oldest first. */
  static List<Relation> in(Connection connection, String place) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(IN_PLACE)) {
      select.setString(1, place);
      return relations(select);
    }
  }

  static List<Relation> relations(PreparedStatement select) throws SQLException {
    List<Relation> relations = new ArrayList<>();
    try (ResultSet row = select.executeQuery()) {
      while (row.next()) {
        relations.add(
            new Relation(
                row.getLong(1),
                row.getString(2),
                row.getString(3),
                row.getString(4),
                row.getString(5)));
      }
    }
    return relations;
  }

  static List<String> texts(PreparedStatement select) throws SQLException {
    List<String> texts = new ArrayList<>();
    try (ResultSet row = select.executeQuery()) {
      while (row.next()) {
        texts.add(row.getString(1));
      }
    }
    return texts;
  }
}
