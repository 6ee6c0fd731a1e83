package dev.kintsugi.runtime.testing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.kintsugi.runtime.internal.durable.DurableStateTable;
import dev.kintsugi.runtime.internal.durable.StateRow;
import dev.kintsugi.runtime.internal.event.NumberedTable;
import dev.kintsugi.runtime.internal.event.SerializedPayload;
import java.sql.Connection;
import java.sql.SQLException;

/** Writes states as the store does, in transactions that a test holds open. */
public final class HeldStates {

  /** Pekko's serializer of strings. */
  private static final int STRINGS = 20;

  private final DurableStateTable table =
      new DurableStateTable(ConfigFactory.load().getConfig(DurableStateTable.SECTION));

  /** The order of their changes. */
  public NumberedTable offsets() {
    return table.offsets();
  }

  /** Writes a state, its text naming it. */
  public void upsert(Connection connection, String state, long revision, String tag)
      throws SQLException {
    byte[] text = (state + "/" + revision).getBytes(UTF_8);
    assertThat(
            table.upsert(
                connection,
                new StateRow(
                    state, revision, new SerializedPayload(STRINGS, "", text), tag, 1_000)))
        .as("the revision that is in the way")
        .isEmpty();
  }

  /** Deletes a state, whatever its revision. */
  public void delete(Connection connection, String state) throws SQLException {
    table.delete(connection, state);
  }
}
