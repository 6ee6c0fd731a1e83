package dev.kintsugi.examples.cluster.load;

/**
 * What became of the load's requests.
 *
 * @param acknowledged a node said that it is stored
 * @param refused a node said that it is not
 * @param unknown the request was under way when its node died, or its order did not answer in time;
 *     it may be stored. Never sent again
 * @param redirected a node was not there, so that the request went to another one
 * @param notSent no node was there
 */
public record LoadCounts(
    long acknowledged, long refused, long unknown, long redirected, long notSent) {}
