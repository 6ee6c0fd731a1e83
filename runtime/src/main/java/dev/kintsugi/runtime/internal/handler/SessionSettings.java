package dev.kintsugi.runtime.internal.handler;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a handler changes of its session's settings. Other projections are applied to in the same
 * transaction, and other transactions run on the same connection: so a handler may change a setting
 * for its own call only. What it sets by {@code SET LOCAL} is set back when it has returned; what
 * lasts longer is refused. A handler that changes nothing costs nothing.
 */
final class SessionSettings {

  /** Comments between a statement's beginning and its first word. */
  private static final String BEGIN = "(?:^|;)(?:\\s|--[^\\n]*\\n|/\\*.*?\\*/)*+";

  private static final Pattern CHANGES =
      Pattern.compile(
          BEGIN + "(?:SET|RESET|DISCARD)\\b(?!\\s+CONSTRAINTS\\b)|\\bset_config\\s*\\(",
          Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

  /** What is no SQL: a semicolon or a name in it means nothing. */
  private static final Pattern TEXT_OR_COMMENT =
      Pattern.compile(
          "'(?:[^']|'')*'|\\$(\\w*)\\$.*?\\$\\1\\$|--[^\\n]*|/\\*.*?\\*/", Pattern.DOTALL);

  private static final Pattern SET_LOCAL =
      Pattern.compile(
          "SET\\s+LOCAL\\s+(TIME\\s+ZONE|SCHEMA|\"?[\\w.]+\"?).*",
          Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

  private static final Pattern CALL_OF_SET_CONFIG =
      Pattern.compile("\\bset_config\\s*\\(", Pattern.CASE_INSENSITIVE);

  private static final Pattern LOCAL_SET_CONFIG =
      Pattern.compile(
          "\\bset_config\\s*\\(\\s*'([\\w.]+)'\\s*,.*?,\\s*true\\s*\\)",
          Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

  /** Of the transaction as a whole, or of the connection: these can't be set back. */
  private static final Pattern NOT_TO_BE_SET_BACK =
      Pattern.compile(
          "session|session_authorization|names|client_encoding"
              + "|transaction|transaction_(isolation|read_only|deferrable)");

  private static final String VALUE = "SELECT COALESCE(current_setting(?, TRUE), '')";

  private static final String SET_BACK =
      "SELECT set_config(name, value, TRUE) FROM unnest(?::text[], ?::text[]) AS s(name, value)";

  private final Connection connection;

  /** What the settings were that the handler has changed since. */
  private final Map<String, String> before = new LinkedHashMap<>();

  SessionSettings(Connection connection) {
    this.connection = connection;
  }

  /**
   * Looks at what a handler is about to send, and remembers the settings that it changes.
   *
   * @return whether it may change any; if not, the same text need not be looked at again
   * @throws IllegalStateException if it would change them for longer than the handler's call
   */
  boolean beforeStatement(String sql) throws SQLException {
    if (!CHANGES.matcher(sql).find()) {
      return false;
    }
    String code = TEXT_OR_COMMENT.matcher(sql).replaceAll(" ");
    for (String part : code.split(";", -1)) {
      String statement = part.strip();
      String word = statement.split("\\W", 2)[0].toUpperCase(Locale.ROOT);
      boolean setsConstraints =
          statement.toUpperCase(Locale.ROOT).matches("(?s)SET\\s+CONSTRAINTS\\b.*");
      if (word.equals("RESET") || word.equals("DISCARD")) {
        throw refusal(sql);
      }
      if (word.equals("SET") && !setsConstraints) {
        Matcher local = SET_LOCAL.matcher(statement);
        if (!local.matches()) {
          throw refusal(sql);
        }
        remember(nameOf(local.group(1)), sql);
      }
    }
    if (CALL_OF_SET_CONFIG.matcher(code).find()) {
      rememberSetConfig(sql);
    }
    return true;
  }

  private void rememberSetConfig(String sql) throws SQLException {
    long calls = CALL_OF_SET_CONFIG.matcher(sql).results().count();
    Matcher local = LOCAL_SET_CONFIG.matcher(sql);
    while (local.find()) {
      calls--;
      remember(local.group(1).toLowerCase(Locale.ROOT), sql);
    }
    if (calls != 0) {
      throw refusal(sql);
    }
  }

  private static String nameOf(String words) {
    String name = words.replace("\"", "").toLowerCase(Locale.ROOT);
    return name.startsWith("time") && name.endsWith("zone")
        ? "timezone"
        : name.equals("schema") ? "search_path" : name;
  }

  private void remember(String name, String sql) throws SQLException {
    if (NOT_TO_BE_SET_BACK.matcher(name).matches()) {
      throw refusal(sql);
    }
    if (before.containsKey(name)) {
      return;
    }
    try (PreparedStatement select = connection.prepareStatement(VALUE)) {
      select.setString(1, name);
      try (ResultSet row = select.executeQuery()) {
        row.next();
        before.put(name, row.getString(1));
      }
    }
  }

  /** Sets back what the handler has changed, the role first: others may not set the rest. */
  void setBack() throws SQLException {
    if (before.isEmpty()) {
      return;
    }
    Map<String, String> changed = new LinkedHashMap<>();
    String role = before.remove("role");
    if (role != null) {
      changed.put("role", role);
    }
    changed.putAll(before);
    before.clear();
    try (PreparedStatement set = connection.prepareStatement(SET_BACK)) {
      set.setArray(1, connection.createArrayOf("text", changed.keySet().toArray()));
      set.setArray(2, connection.createArrayOf("text", changed.values().toArray()));
      set.execute();
    }
  }

  /** Forgets what a rollback sets back. */
  void forget() {
    before.clear();
  }

  private static IllegalStateException refusal(String sql) {
    return new IllegalStateException(
        ("the statement '%s' is refused: what it changes of the session would last longer than the"
                + " handler's call, and the same connection applies events to other projections. Use SET"
                + " LOCAL, or set_config('name', value, true) with the name and the true written out; the"
                + " setting is set back when the handler returns.")
            .formatted(sql.strip()));
  }
}
