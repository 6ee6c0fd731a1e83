/**
 * Holds a read model against its journal while writers go on ({@link
 * dev.kintsugi.runtime.verify.Verifier}), also for those who don't wait for it ({@link
 * dev.kintsugi.runtime.verify.Verifications}).
 */
@NullMarked
package dev.kintsugi.runtime.verify;

import org.jspecify.annotations.NullMarked;
