package dev.kintsugi.runtime.internal.schema;

import dev.kintsugi.runtime.persistence.SchemaException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Holds the tables that are there against what the script of the same version makes today. Where a
 * column is missing, or has another type, every event would fail.
 */
final class ChangedScript {

  private ChangedScript() {}

  /**
   * Refuses tables that lack something; what they have besides is an operator's.
   *
   * @throws SchemaException with what is missing, and what to do
   */
  static void refuse(ReadModel readModel, List<MadeTable> found, boolean isBuilt) {
    List<String> faults = new ArrayList<>();
    for (MadeTable expected : readModel.made()) {
      Optional<MadeTable> table =
          found.stream().filter(there -> there.name().equals(expected.name())).findFirst();
      if (table.isEmpty()) {
        faults.add("table %s is not there".formatted(expected.name()));
      } else {
        faults.addAll(faults(expected, table.get()));
      }
    }
    if (!faults.isEmpty()) {
      String name = readModel.projection().name();
      int version = readModel.projection().version();
      throw new SchemaException(
          "projection '%s', version %d, does not find its tables as its script %s makes them: %s. %s"
              .formatted(
                  name,
                  version,
                  readModel.projection().tables().source(),
                  String.join("; ", faults),
                  isBuilt
                      ? "If the script was changed, raise .version(%d): a rebuild then makes the tables anew. If the tables were changed by hand, change them back, or raise the version as well."
                          .formatted(version + 1)
                      : "They were there before the projection: drop or alter them, or give its tables other names."));
    }
  }

  private static List<String> faults(MadeTable expected, MadeTable found) {
    List<String> faults = new ArrayList<>();
    for (MadeTable.Column column : expected.columns()) {
      Optional<MadeTable.Column> there = found.column(column.name());
      if (there.isEmpty()) {
        faults.add(
            "table %s has no column %s %s".formatted(found.name(), column.name(), column.type()));
      } else if (!there.get().type().equals(column.type())) {
        faults.add(
            "column %s of table %s is %s and not %s"
                .formatted(column.name(), found.name(), there.get().type(), column.type()));
      }
    }
    return faults;
  }
}
