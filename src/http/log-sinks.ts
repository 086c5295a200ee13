import { once } from 'node:events'
import pino from 'pino'

/** Where lines go. It writes before it returns, so that the last line before a crash is not lost. */
export interface LogSink {
  write(line: string): void
  close(): Promise<void>
}

/** The part of a SonicBoom stream that a sink uses. */
export interface LineStream extends NodeJS.EventEmitter {
  write(line: string): boolean
  end(): void
}

/** Told to the operator in one line, without a stack. */
export class LogFileError extends Error {
  override readonly name = 'LogFileError'
}

const FILE_SIZE_MAX = '50m'
const FILES_KEPT_MAX = 14
// What may wait in memory while the disk is full or nobody reads the pipe; more is dropped, and the server lives on.
const WAITING_LENGTH_MAX = 1024 * 1024

export function openConsoleSink(name: 'stdout' | 'stderr'): LogSink {
  return streamSink(pino.destination({ fd: name === 'stdout' ? 1 : 2, sync: true, maxLength: WAITING_LENGTH_MAX }))
}

/** Lines for people. Loaded only where it is used: it takes a tenth of a second. */
export async function openPrettySink(): Promise<LogSink> {
  const { prettyFactory } = await import('pino-pretty')
  const format = prettyFactory({
    colorize: process.stdout.isTTY === true,
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'pid,hostname',
    singleLine: true,
  })
  const out = openConsoleSink('stdout')
  return { write: (line) => out.write(String(format(line) ?? '')), close: out.close }
}

/**
 * A file that is continued in the next number each day and at its size limit: `payment-api.log` is written as
 * `payment-api.1.log`, `payment-api.2.log` and so on.
 * @throws in words for the operator when it cannot be written.
 */
export async function openFileSink(file: string): Promise<LogSink> {
  const { default: openRolledFile } = await import('pino-roll')
  try {
    const stream = await openRolledFile({
      file,
      frequency: 'daily',
      size: FILE_SIZE_MAX,
      limit: { count: FILES_KEPT_MAX, removeOtherLogFiles: true },
      sync: true,
      mkdir: true,
      mode: 0o640,
      maxLength: WAITING_LENGTH_MAX,
    })
    await once(stream, 'ready')
    return streamSink(stream, (error) => {
      process.stderr.write(`The log file ${file} cannot be written: ${error.message}. Lines are being lost.\n`)
    })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new LogFileError(
      `LOG_FILE: ${file} cannot be written (${reason}). Give the server a folder that it may write, or set LOG_FILE=off.`,
      { cause: error },
    )
  }
}

// Sinks write at once, so only one whose file or pipe is broken ever takes this long.
const CLOSE_TIMEOUT_MS = 500

function streamSink(stream: LineStream, onFirstError: (error: Error) => void = () => {}): LogSink {
  // A full disk or a closed pipe must not stop payments: without a listener the error would end the process.
  stream.once('error', onFirstError)
  stream.on('error', () => {})
  return {
    write: (line) => {
      stream.write(line)
    },
    close: async () => {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, CLOSE_TIMEOUT_MS)
        stream.once('close', () => {
          clearTimeout(timer)
          resolve()
        })
        stream.end()
      })
    },
  }
}
