import type { SizeException } from './sizes.ts'

/** What is longer than the house allows. Add nothing: split the file, or make the case in a decision page first. */
export const SIZE_EXCEPTIONS: readonly SizeException[] = []
