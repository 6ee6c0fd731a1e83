package dev.kintsugi.runtime.operations;

/**
 * What becomes of a retired projection's tables, and whether to ask nodes for it.
 *
 * @param dropsTables whether its tables are dropped; if not, they stay as they are, and another
 *     projection may take them once it has emptied them
 * @param isForced whether to retire it though nodes have it registered, or can't be asked. They do
 *     nothing for it from then on; one that is started again builds it anew.
 */
public record RetireOptions(boolean dropsTables, boolean isForced) {

  /** The tables are dropped. */
  public static RetireOptions dropTables() {
    return new RetireOptions(true, false);
  }

  /** The tables stay. */
  public static RetireOptions keepTables() {
    return new RetireOptions(false, false);
  }

  /** The same, whoever has it registered. */
  public RetireOptions forced() {
    return new RetireOptions(dropsTables, true);
  }
}
