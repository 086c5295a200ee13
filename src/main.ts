import { enableCompileCache } from 'node:module'

// The types in these files are stripped by Node itself, and some of the calls are as new.
const NODE_MAJOR_MIN = 24

if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR_MIN) {
  process.stderr.write(
    `Node ${process.versions.node} is too old: ${NODE_MAJOR_MIN} or newer is needed.\n` +
      'Start it with `npm start`: npm has installed a fitting Node beside the program and uses that one.\n',
  )
  process.exit(1)
}

// Compiled code is kept between starts, which takes a third off the next one. It must be on before anything is loaded.
enableCompileCache()
const { start } = await import('./start.ts')
await start()
