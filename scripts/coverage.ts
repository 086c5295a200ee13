import { runSuite } from './suite/run-suite.ts'

// The same suite as `npm test`, measured. What a child process runs is not counted, so tests of features boot the
// app inside their own process.
process.exitCode = await runSuite({ filters: process.argv.slice(2), namePatterns: [], coverage: true })
