// SPDX-License-Identifier: Apache-2.0
// Attributes that the hadal dialect gives to modules, functions and ops of others.
#ifndef HADAL_IR_ATTRIBUTENAMES_H
#define HADAL_IR_ATTRIBUTENAMES_H

#include "llvm/ADT/StringRef.h"

namespace hadal {

// Of modules: what was imported.
inline constexpr llvm::StringLiteral kModelAttrName = "hadal.model";           // #hadal.model
inline constexpr llvm::StringLiteral kCheckpointAttrName = "hadal.checkpoint"; // its folder
inline constexpr llvm::StringLiteral kFilesAttrName = "hadal.files";           // [#hadal.file]
inline constexpr llvm::StringLiteral kTokenizerAttrName = "hadal.tokenizer";   // #hadal.file
inline constexpr llvm::StringLiteral kTokenizerConfigAttrName = "hadal.tokenizer_config";
inline constexpr llvm::StringLiteral kGenerationAttrName = "hadal.generation";
// Why there is no text, or why defaults of sampling are not used.
inline constexpr llvm::StringLiteral kTextNoteAttrName = "hadal.text_note";
inline constexpr llvm::StringLiteral kGenerationNoteAttrName = "hadal.generation_note";

// Of modules: what a compilation was asked for, so that one fed back in at a later
// stage gives the same artifact.
inline constexpr llvm::StringLiteral kPrecisionAttrName = "hadal.precision";
inline constexpr llvm::StringLiteral kAttentionAttrName = "hadal.attention";

// Of modules: which ops took their expansion for want of a kernel, and how many.
inline constexpr llvm::StringLiteral kExpandedAttrName = "hadal.expanded"; // {name = count}

// Of functions, and of their arguments and results.
inline constexpr llvm::StringLiteral kEntryAttrName = "hadal.entry"; // #hadal.entry
inline constexpr llvm::StringLiteral kPortAttrName = "hadal.port";   // #hadal.port

// Of functions: axes of arguments whose extents are equal, as an op said that is there no more.
// A list of [argument, axis, argument, axis].
inline constexpr llvm::StringLiteral kAlikeAttrName = "hadal.alike";

// Of any op, from decomposition to the dispatch that it becomes: #hadal.when.
inline constexpr llvm::StringLiteral kWhenAttrName = "hadal.when";
// Of any op, from the model stage to the dispatch that it becomes: a name for what it makes.
inline constexpr llvm::StringLiteral kValueAttrName = "hadal.value";

} // namespace hadal

#endif // HADAL_IR_ATTRIBUTENAMES_H
