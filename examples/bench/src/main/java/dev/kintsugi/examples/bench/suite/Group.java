package dev.kintsugi.examples.bench.suite;

import java.util.List;

/**
 * Measures that share databases and an actor system. Only one group is open at a time: an idle
 * actor system still asks its database now and then.
 */
@FunctionalInterface
interface Group {

  /**
   * Makes ready what the measures need.
   *
   * @param resources what is to be closed when the group has run, or could not be opened
   * @return the measures, in the order of the table
   */
  List<Measure> open(Resources resources) throws Exception;
}
