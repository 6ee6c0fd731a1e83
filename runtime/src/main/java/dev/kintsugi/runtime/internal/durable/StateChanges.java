package dev.kintsugi.runtime.internal.durable;

import dev.kintsugi.runtime.internal.event.PayloadSerialization;
import dev.kintsugi.runtime.internal.query.FinalPages;
import dev.kintsugi.runtime.internal.query.Slices;
import dev.kintsugi.runtime.internal.schema.TableErrors;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.apache.pekko.NotUsed;
import org.apache.pekko.persistence.query.DurableStateChange;
import org.apache.pekko.persistence.query.Offset;
import org.apache.pekko.persistence.query.UpdatedDurableState;
import org.apache.pekko.stream.javadsl.Source;

/** Streams of the changes of durable states, in the order of their offsets. */
public final class StateChanges {

  private final FinalPages inOrder;
  private final StatePages pages;
  private final DurableStateTable table;
  private final PayloadSerialization serialization;
  private final Slices slices;

  public StateChanges(
      FinalPages inOrder,
      StatePages pages,
      DurableStateTable table,
      PayloadSerialization serialization,
      Slices slices) {
    this.inOrder = inOrder;
    this.pages = pages;
    this.table = table;
    this.serialization = serialization;
    this.slices = slices;
  }

  public Slices slices() {
    return slices;
  }

  /** Hints that this node has written a state. */
  public void written() {
    inOrder.written();
  }

  /** Those of a tag. */
  public FinalPages.ReadPage<DurableStateChange<Object>> tagged(String tag) {
    return (connection, after, upTo) ->
        pages.tagged(connection, tag, after, upTo).map(this::changes);
  }

  /** Those of an entity type, by slices; whatever their tags. */
  public FinalPages.ReadPage<DurableStateChange<Object>> ofSlices(
      String entityType, int minSlice, int maxSlice) {
    Predicate<String> wanted = slices.within(entityType, minSlice, maxSlice);
    return (connection, after, upTo) ->
        pages.wanted(connection, wanted, after, upTo).map(this::changes);
  }

  private List<DurableStateChange<Object>> changes(List<ChangedState> states) {
    List<DurableStateChange<Object>> changes = new ArrayList<>(states.size());
    for (ChangedState state : states) {
      StateRow row = state.row();
      changes.add(
          new UpdatedDurableState<>(
              row.persistenceId(),
              row.revision(),
              serialization.deserialize(row.state(), row::forPeople),
              Offset.sequence(state.offset()),
              row.timestamp()));
    }
    return changes;
  }

  /** All behind an offset, and what comes later. */
  public Source<DurableStateChange<Object>, NotUsed> live(
      FinalPages.ReadPage<DurableStateChange<Object>> read, Offset offset) {
    return explained(inOrder.live(inOrder.position(offset), read));
  }

  /** All behind an offset, up to what is committed when the stream is started. */
  public Source<DurableStateChange<Object>, NotUsed> current(
      FinalPages.ReadPage<DurableStateChange<Object>> read, Offset offset) {
    return explained(inOrder.current(inOrder.position(offset), read));
  }

  private <T> Source<T, NotUsed> explained(Source<T, NotUsed> source) {
    return source.mapError(
        SQLException.class,
        error ->
            TableErrors.explain(
                error, "the changes asked for", table.name(), DurableStateTable.SECTION));
  }
}
