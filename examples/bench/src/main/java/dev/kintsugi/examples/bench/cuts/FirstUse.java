package dev.kintsugi.examples.bench.cuts;

/** A way in which a node uses its database first. */
enum FirstUse {
  PERSIST,
  PROJECTION,
  SNAPSHOT,
  STATE,
  QUERY
}
