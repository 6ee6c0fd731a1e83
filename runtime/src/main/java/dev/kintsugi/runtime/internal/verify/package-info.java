/**
 * Holds a read model against its journal while writers go on ({@link
 * dev.kintsugi.runtime.internal.verify.Verifier}), also for those who don't wait for it ({@link
 * dev.kintsugi.runtime.internal.verify.Verifications}).
 */
@NullMarked
package dev.kintsugi.runtime.internal.verify;

import org.jspecify.annotations.NullMarked;
