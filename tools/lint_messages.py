# SPDX-License-Identifier: Apache-2.0
# The rule behind tools/lint.sh that is about messages: which calls say something to a user, and what the words look like.
# Emitters are found, not listed: MLIR's and LLVM's by name, our own by their declaration.
import re

# What MLIR and LLVM have; text may follow by `<<`.
LIBRARY = {"emitError", "emitOpError", "emitRemark", "emitWarning", "attachNote", "notifyMatchFailure",
           "createStringError", "createFileError", "report_fatal_error", "reportFatalUsageError"}
# A parameter of this name is text for the user: its function, method, lambda or constructor is an emitter.
PARAMETERS = ("message", "what", "format")
# A variable of this name is given text for the user (`Error error = ...` is an object).
VARIABLE = re.compile(r"(?<!Error )\b(?:error|message|problem|reason|refusal)\s*\+?=(?!=)")
# Functions so named say that something is wrong, whatever their parameters are called.
TELLS_TROUBLE = re.compile(r"(?i:fail|refus|misuse|complain|warn|report|usage|\berror|die$)")

TEXT_PARAMETER = re.compile(r"(?:^|,)\s*(?:const\s+)?(?:(?:llvm|std)::)?(?:Twine|StringRef|string|string_view|char)\b"
                            r"\s*(?:const\s*)?[&*]*\s*(\w+)\s*(?=,|$)")
# NAME(parameters), or NAME = [captures](parameters)
SIGNATURE = re.compile(r"\b(\w+)(?:\s*=\s*\[[^\]]*\]\s*)?\(((?:[^();{}]|\([^();{}]*\))*)\)")
STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"(?:\s*"((?:[^"\\\n]|\\.)*)")*')
# What tools put in front.
PREFIX = re.compile(r"^(?:%s|[\w-]+): (?:error|warning|note|check): |^%s: ")


def declared(text):
    """(name, names of its text parameters) of all functions that have some."""
    for match in SIGNATURE.finditer(text):
        if parameters := TEXT_PARAMETER.findall(match[2]):
            yield match[1], parameters


def without_comments(text):
    """The same length, so that offsets stay."""
    blank = lambda match: match[0] if match[0].startswith('"') else re.sub(r"[^\n]", " ", match[0])
    return re.sub(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*.*?\*/', blank, text, flags=re.S)


def is_message_source(path):
    return path.endswith((".cpp", ".h", ".cu")) and "/tests/" not in path and not path.startswith("test/")


class Emitters:
    """The emitters of a tree: name -> where one is declared first, and how many messages were looked at."""

    def __init__(self):
        self.places = {name: "MLIR and LLVM" for name in LIBRARY}
        self.suspects = {}  # name -> text parameters, none of them a message
        self.messages = {}

    def learn(self, path, text):
        if not is_message_source(path):
            return
        for name, parameters in declared(without_comments(text)):
            if any(parameter in PARAMETERS for parameter in parameters):
                self.places.setdefault(name, path)
            elif TELLS_TROUBLE.search(name):
                self.suspects[name] = parameters

    def lines(self):
        for name in sorted(self.messages):
            yield f"{name}: {self.messages[name]} messages ({self.places.get(name, 'by assignment or printing')})"

    def calls(self, text):
        """(emitter, offset, end of the text that belongs to it)."""
        names = "|".join(sorted(self.places, key=len, reverse=True))
        for match in re.finditer(rf"\b({names})\s*\(", text):
            if match[1] in LIBRARY:
                yield match[1], match.start(), statement_end(text, match.end())
            else:
                yield match[1], match.start(), closing(text, match.end())
        for match in re.finditer(r"\bfprintf\s*\(\s*stderr\s*,|\berrs\(\)\s*<<|\bcerr\s*<<", text):
            yield "stderr", match.start(), statement_end(text, match.end())
        for match in VARIABLE.finditer(text):
            yield "assignment", match.start(), statement_end(text, match.end())

    def check(self, path, lines, text):
        if not is_message_source(path):
            return
        code = without_comments(text)
        for name in self.suspects.keys() - self.places.keys():
            for match in re.finditer(rf"\b{name}\s*\(", code):
                said = [words(found) for found in STRING.finditer(code, match.start(), closing(code, match.end()))]
                if any(" " in text for text in said):
                    yield (code.count("\n", 0, match.start()) + 1, "emitter",
                           f"expected the text for {name} as a parameter named {' or '.join(PARAMETERS)}, "
                           f"got {', '.join(self.suspects[name])}")
        for name, start, end in self.calls(code):
            found = list(STRING.finditer(code, start, end))
            if not found:
                continue
            self.messages[name] = self.messages.get(name, 0) + 1
            line = code.count("\n", 0, start) + 1
            first, last = words(found[0]), words(found[-1])
            if re.match(r"[A-Z][a-z]+(?![\w])", first):
                yield line, "diagnostic", f'expected lower case, got "{first}"'
            if any(re.search(r"\bgot\b.*\bexpected\b", words(match)) for match in found):
                yield line, "diagnostic", f'expected what was expected before what was got, got "{first}"'
            ends = re.fullmatch(r"[\s)};]*", code[found[-1].end():end])
            if ends and re.search(r"[^.\d]\.(\\n)?$", last):
                yield line, "diagnostic", f'expected no full stop, got "{last}"'


def words(match):
    """The literal with the ones right behind it, without what a tool puts in front."""
    return PREFIX.sub("", "".join(re.findall(r'"((?:[^"\\\n]|\\.)*)"', match[0])))


def closing(text, at):
    """The offset of the parenthesis that closes the one before `at`."""
    depth = 1
    for match in re.compile(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\]|\\.)\'|[()]').finditer(text, at):
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if depth == 0:
            return match.start()
    return at


def statement_end(text, at):
    """The offset of the semicolon that ends the statement at `at`, or of a brace that opens a block in it."""
    match = re.compile(r'(?:"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\]|\\.)\'|[^;{}"])*').match(text, at)
    return match.end()
