package dev.kintsugi.examples.bench.append;

import dev.kintsugi.examples.bench.load.Plugin;

/** What one run measures: a plugin, what its actors do, and what comes with each event. */
record Case(Plugin plugin, Work work, Extra extra) {

  /** What the actors do. */
  enum Work {
    PERSIST("persist()"),
    PERSIST_ASYNC("persistAsync()"),
    RECOVER("recovery");

    private final String name;

    Work(String name) {
      this.name = name;
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /** What comes with each event. */
  enum Extra {
    NOTHING(""),
    TAG(", one tag"),
    UPSERT(", one inline upsert"),
    BATCHED_UPSERT(", one inline upsert, in batches"),
    COALESCED_UPSERT(", one inline upsert, coalesced");

    private final String name;

    Extra(String name) {
      this.name = name;
    }
  }

  /** What is done, whichever the plugin. */
  String load() {
    return work.toString() + extra.name;
  }

  @Override
  public String toString() {
    return plugin + " " + load();
  }
}
