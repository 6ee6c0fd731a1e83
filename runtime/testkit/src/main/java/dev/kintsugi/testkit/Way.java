package dev.kintsugi.testkit;

/** How the events of a scenario come to the read model. */
enum Way {
  INLINE("inline"),
  REPLAY("by replay"),
  DRAIN("by skip and drain"),
  FOLLOWED("followed"),
  HANDED_OVER("handed over"),
  BESIDE("built beside"),
  UNDONE("built beside, then undone"),
  MIXED("mixed"),
  REBUILT("mixed, then rebuilt");

  private final String forPeople;

  Way(String forPeople) {
    this.forPeople = forPeople;
  }

  @Override
  public String toString() {
    return forPeople;
  }
}
