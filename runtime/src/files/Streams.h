// SPDX-License-Identifier: Apache-2.0
// The standard streams of a tool: what was printed arrived, or the tool failed.
#ifndef HADAL_FILES_STREAMS_H
#define HADAL_FILES_STREAMS_H

namespace hadal::files {

/// Empties buffers of standard output; returns the error of any write to it since
/// the start, or 0.
using FlushOutput = int (*)();

/// Called first in main. From then on
///   - a standard stream that was closed is an error to use, not the next file
///     that is opened;
///   - a closed pipe and a file-size limit are errors of the write, not signals;
///   - whatever ends the process, be it return, exit or a signal that can be
///     caught, removes unfinished files;
///   - when standard output could not be written, the exit code is 1 and one line
///     on standard error says why; a reader that has gone needs no line.
/// A failure to write to standard error changes nothing.
/// `flush` is that of stdio where it is null.
void startTool(const char *name, FlushOutput flush = nullptr);

/// Ends the process for a failed write to standard output.
[[noreturn]] void standardOutputFailed(int error);

} // namespace hadal::files

#endif // HADAL_FILES_STREAMS_H
