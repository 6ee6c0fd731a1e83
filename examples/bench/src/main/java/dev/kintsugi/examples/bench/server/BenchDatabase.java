package dev.kintsugi.examples.bench.server;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** A database for one run, dropped when it is closed, whoever is still connected. */
public final class BenchDatabase implements AutoCloseable {

  private static final String SCRIPTS = "/dev/kintsugi/ddl/postgresql/";

  private final BenchServer server;
  private final String name;
  private final Login login;

  BenchDatabase(BenchServer server, String name, Login login) {
    this.server = server;
    this.name = name;
    this.login = login;
  }

  public Login login() {
    return login;
  }

  /** Makes the journal's tables, the same for both plugins; the stock one makes none by itself. */
  public BenchDatabase withJournal() throws SQLException {
    run("journal.sql");
    return this;
  }

  /** Makes Kintsugi's own tables, where the plugin has not run yet. */
  public BenchDatabase withSkipRecords() throws SQLException {
    run("kintsugi.sql");
    run("functions.sql");
    return this;
  }

  private void run(String script) throws SQLException {
    try (InputStream in = BenchDatabase.class.getResourceAsStream(SCRIPTS + script)) {
      if (in == null) {
        throw new IllegalStateException(SCRIPTS + script + " is not on the class path");
      }
      execute(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Runs statements, each committed by itself if there are no others in the text. */
  public void execute(String sql) throws SQLException {
    try (Connection connection = login.connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** The one number that a query returns. */
  public long count(String query) throws SQLException {
    try (Connection connection = login.connect();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      row.next();
      return row.getLong(1);
    }
  }

  @Override
  public void close() throws SQLException {
    server.drop(name);
  }
}
