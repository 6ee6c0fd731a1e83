package dev.kintsugi.projections;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The DDL of a read model, with unqualified names. The runtime runs it, finds out which tables it
 * makes by running it once in a schema that is rolled back, and truncates just these at a rebuild.
 *
 * <p>Where a projection's version is raised, its rebuild drops the tables that the older version
 * made, and the script's own views, and runs the script anew. What else a script makes stays: let
 * it make sequences and types IF NOT EXISTS, and functions OR REPLACE. A view of others over a
 * table keeps that from being dropped: the rebuild is refused until somebody has dropped the view.
 * The script's indexes stay in every other rebuild.
 *
 * @param source where the script comes from, for error messages
 * @param ddl the script, any number of SQL statements
 */
public record Tables(String source, String ddl) {

  public Tables {
    if (ddl.isBlank()) {
      throw new IllegalArgumentException("the table script " + source + " is empty");
    }
  }

  /** A script given as text. */
  public static Tables sql(String ddl) {
    return new Tables("(inline SQL)", ddl);
  }

  /**
   * A script from the class path.
   *
   * @throws IllegalArgumentException if there is no such resource
   */
  public static Tables resource(String resource, @Nullable ClassLoader loader) {
    try (InputStream in =
        loader == null
            ? ClassLoader.getSystemResourceAsStream(resource)
            : loader.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalArgumentException(
            "there is no table script '" + resource + "' on the class path");
      }
      return new Tables(resource, new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException("the table script " + resource + " can't be read", e);
    }
  }
}
