// Entry points become plans: buffers, launches, branches.
// RUN: hadal-opt %s --split-input-file --verify-diagnostics --hadal-convert-to-plan | FileCheck %s

hadal.program @cpu target <"cpu"> {
  // Parameters and states stay: they are the recipe of the weights file.
  // CHECK-NOT:   hadal.program
  // CHECK-LABEL: plan.program @cpu abi 1
  // CHECK-NEXT:    hadal.parameter @w
  // CHECK-NEXT:    hadal.parameter @table
  // CHECK-NEXT:    plan.block_table @pages
  // CHECK-NEXT:    hadal.state @c growing @pages
  // CHECK-NEXT:    plan.host_dim @tokens is tokens
  // CHECK-NOT:   hadal.executable
  hadal.parameter @w : tensor<64xf32>
  hadal.parameter @table : tensor<97x64xf32>
  plan.block_table @pages page_size 64
  hadal.state @c growing @pages : tensor<?x64x80xf32>
  plan.host_dim @tokens is tokens
  plan.host_dim @sequences is sequences
  plan.host_dim @logit_rows is logit_rows
  plan.host_dim @slots is slots
  plan.host_dim @pages_per_slot is pages_per_slot of @pages
  plan.host_dim @min_tokens is min_sequence_tokens
  plan.host_dim @max_tokens is max_sequence_tokens

  // An image for each level, the variants best first in the executable, with their interfaces.
  // CHECK:         plan.image @"cpu.x86-64-v3" level "x86-64-v3"
  // CHECK:           func.func @norm
  // CHECK:         plan.image @"cpu.x86-64-v4-bf16" level "x86-64-v4-bf16"
  // CHECK:           func.func @norm
  // CHECK:         plan.executable @embedding family "embedding" access [read, read, write] constants 1 {
  // CHECK-NEXT:      plan.variant @"cpu.x86-64-v3" {
  // CHECK-NEXT:        plan.interface {
  // CHECK:         plan.executable @norm family "rms_norm" access [read, read, write] constants 5 {
  // CHECK-NEXT:      plan.variant @"cpu.x86-64-v4-bf16" {
  // CHECK-NEXT:        plan.interface scratch 128 {
  // CHECK-NEXT:        ^bb0({{.*}}, %[[NINE:.*]]: !plan.int):
  // CHECK-NEXT:          plan.grid %[[NINE]], %[[NINE]], %[[NINE]]
  // CHECK:           plan.variant @"cpu.x86-64-v3" {
  // CHECK-NEXT:        plan.interface scratch 256 {
  // CHECK:               plan.expr ceil_div
  hadal.executable @embedding interface <bindings = [0, 1, 2], access = [read, read, write], constants = [#hadal.extent<0, 0>]> {
    func.func @body(%t: tensor<?xi32>, %w: tensor<97x64xf32>) -> tensor<?x64xf32> {
      %y = hadal.embedding %t, %w : (tensor<?xi32>, tensor<97x64xf32>) -> tensor<?x64xf32>
      return %y : tensor<?x64xf32>
    }
    hadal.variant "x86-64-v3" {
      plan.interface {
      ^bb0(%rows: !plan.int):
        %one = plan.constant 1
        plan.grid %rows, %one, %one
      }
      func.func @embedding() {
        return
      }
    }
  }
  hadal.executable @norm interface <bindings = [0, 1, 2], access = [read, read, write], constants = [7, #hadal.extent<0, 0>, #hadal.host_dim<@sequences>, #hadal.host_dim<@pages_per_slot>, 9]> {
    func.func @body(%x: tensor<?x64xf32>, %w: tensor<64xf32>) -> tensor<?x64xf32> {
      %y = hadal.rms_norm %x, %w {eps = 1.0e-6 : f32} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
      return %y : tensor<?x64xf32>
    }
    hadal.variant "x86-64-v3" {
      plan.interface scratch 256 {
      ^bb0(%seven: !plan.int, %rows: !plan.int, %sequences: !plan.int, %pages: !plan.int, %nine: !plan.int):
        %one = plan.constant 1
        %two = plan.constant 2
        %three = plan.constant 3
        %16 = plan.constant 16
        %a = plan.expr mul %sequences, %two
        %b = plan.expr add %three, %a
        %c = plan.expr ceil_div %rows, %16
        %x = plan.expr add %b, %c
        plan.grid %x, %one, %nine
      }
      func.func @norm() {
        return
      }
    }
    hadal.variant "x86-64-v4-bf16" {
      plan.interface scratch 128 {
      ^bb0(%seven: !plan.int, %rows: !plan.int, %sequences: !plan.int, %pages: !plan.int, %nine: !plan.int):
        plan.grid %nine, %nine, %nine
      }
      func.func @norm() {
        return
      }
    }
  }

  // CHECK:         plan.entry @forward role step
  // CHECK-DAG:       %[[SEVEN:.*]] = plan.constant 7
  // CHECK-DAG:       %[[NINE:.*]] = plan.constant 9{{$}}
  // CHECK-DAG:       %[[N:.*]] = plan.dim @tokens
  // CHECK-DAG:       %[[S:.*]] = plan.dim @sequences
  // CHECK-DAG:       %[[PAGES:.*]] = plan.dim @pages_per_slot
  // A buffer of 64 f32 a token; the second may not overlap the first, whose life it meets.
  // CHECK-DAG:       %[[ROW:.*]] = plan.constant 256
  // CHECK-DAG:       %[[SIZE:.*]] = plan.expr mul %[[N]], %[[ROW]]
  // Each token reads a row of the table.
  // CHECK-DAG:       %[[ALL:.*]] = plan.constant 97{{$}}
  // CHECK-DAG:       %[[READ:.*]] = plan.expr min %[[ALL]], %{{.*}}
  // CHECK-DAG:       %[[BYTES:.*]] = plan.expr mul %[[READ]], %[[ROW]]
  // CHECK:           %[[TOKENS:.*]] = plan.argument 0 "tokens" role tokens : tensor<?xi32> sizes(%[[N]])
  // CHECK:           plan.argument 5 "block_table" role block_table of @pages : tensor<?x?xi32> sizes(%{{.*}}, %[[PAGES]])
  // CHECK:           %[[TABLE:.*]] = plan.parameter @table
  // CHECK:           %[[W:.*]] = plan.parameter @w
  // CHECK:           %[[LOGITS:.*]] = plan.result 0 "logits" role logits : tensor<?x64xf32> sizes(%[[N]])
  // CHECK:           %[[X:.*]] = plan.buffer "embed" offset %{{.*}} size %[[SIZE]]
  // CHECK:           %[[A:.*]] = plan.buffer "layers.0.norm" offset %{{.*}} size %[[SIZE]]
  // CHECK:           plan.arena
  // CHECK:           plan.launch @embedding bindings(%[[TOKENS]], %[[TABLE]], %[[X]]) constants(%[[N]]) label "embed" flops %{{.*}} bytes %[[BYTES]]
  // CHECK:           plan.tap "hidden.0", %[[X]] : tensor<?x64xf32> sizes(%[[N]])
  // CHECK:           plan.launch @norm bindings(%[[X]], %[[W]], %[[A]]) constants(%[[SEVEN]], %[[N]], %[[S]], %[[PAGES]], %[[NINE]]) label "layers.0.norm"
  // CHECK:           plan.launch @norm bindings(%[[A]], %[[W]], %[[LOGITS]])
  func.func @forward(%tokens: tensor<?xi32> {hadal.port = #hadal.port<"tokens", tokens, [@tokens]>},
                     %positions: tensor<?xi32> {hadal.port = #hadal.port<"positions", positions, [@tokens]>},
                     %offsets: tensor<?xi32> {hadal.port = #hadal.port<"sequence_offsets", sequence_offsets, [@sequences + 1]>},
                     %slots: tensor<?xi32> {hadal.port = #hadal.port<"slots", slots, [@sequences]>},
                     %rows: tensor<?xi32> {hadal.port = #hadal.port<"logit_rows", logit_rows, [@logit_rows]>},
                     %pages: tensor<?x?xi32> {hadal.port = #hadal.port<"block_table", block_table of @pages, [@slots, @pages_per_slot]>})
      -> (tensor<?x64xf32> {hadal.port = #hadal.port<"logits", logits>}) attributes {hadal.entry = #hadal.entry<step>} {
    %table = hadal.param @table : tensor<97x64xf32>
    %w = hadal.param @w : tensor<64xf32>
    %x = hadal.dispatch @embedding(%tokens, %table) label "embed" : (tensor<?xi32>, tensor<97x64xf32>) -> tensor<?x64xf32>
    hadal.tap "hidden.0", %x : tensor<?x64xf32>
    %a = hadal.dispatch @norm(%x, %w) label "layers.0.norm" : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
    %y = hadal.dispatch @norm(%a, %w) label "norm" : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
    return %y : tensor<?x64xf32>
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // What is done in place binds its destination, and dispatches of one condition share a branch.
  hadal.executable @fill interface <bindings = [0, 1, 2], access = [read, read, write], constants = [#hadal.extent<0, 0>]> {
    func.func @body(%t: tensor<?xi32>, %w: tensor<97x64xf32>) -> tensor<?x64xf32> {
      %y = hadal.embedding %t, %w : (tensor<?xi32>, tensor<97x64xf32>) -> tensor<?x64xf32>
      return %y : tensor<?x64xf32>
    }
    hadal.variant "x86-64-v3" {
      plan.interface {
      ^bb0(%rows: !plan.int):
        %one = plan.constant 1
        plan.grid %rows, %one, %one
      }
      func.func @fill() {
        return
      }
    }
  }
  hadal.executable @append interface <bindings = [0, 1, 2, 3, 4, 5], access = [read, read, read, read, read, read_write], constants = [#hadal.extent<0, 0>]> {
    func.func @body(%kv: tensor<?x64xf32>, %w: tensor<48xf32>, %cos: tensor<128x8xf32>, %i: tensor<?xi32>, %t: tensor<?x?xi32>, %c: tensor<?x64x64xf32>) -> tensor<?x64x64xf32> {
      %y = hadal.mla_append %kv, %w, %cos, %cos, %i, %i, %i, %t outs(%c) {eps = 1.0e-6 : f32}
        : (tensor<?x64xf32>, tensor<48xf32>, tensor<128x8xf32>, tensor<128x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?x64x64xf32>) -> tensor<?x64x64xf32>
      return %y : tensor<?x64x64xf32>
    }
    hadal.variant "x86-64-v3" {
      plan.interface {
      ^bb0(%rows: !plan.int):
        %one = plan.constant 1
        plan.grid %rows, %one, %one
      }
      func.func @append() {
        return
      }
    }
  }
  hadal.parameter @table : tensor<97x64xf32>
  hadal.parameter @w : tensor<48xf32>
  hadal.parameter @cos : tensor<128x8xf32>
  plan.block_table @pages page_size 64
  hadal.state @c growing @pages : tensor<?x64x64xf32>
  plan.host_dim @tokens is tokens
  plan.host_dim @sequences is sequences
  plan.host_dim @logit_rows is logit_rows
  plan.host_dim @slots is slots
  plan.host_dim @pages_per_slot is pages_per_slot of @pages
  plan.host_dim @min_tokens is min_sequence_tokens
  plan.host_dim @max_tokens is max_sequence_tokens

  // CHECK-LABEL: plan.entry @one role decode
  // CHECK-DAG:     %[[T:.*]] = plan.constant 171
  // CHECK-DAG:     %[[MIN:.*]] = plan.dim @min_tokens
  // CHECK-DAG:     %[[MAX:.*]] = plan.dim @max_tokens
  // CHECK-DAG:     %[[SHORT:.*]] = plan.expr lt %[[MIN]], %[[T]]
  // CHECK-DAG:     %[[LONG:.*]] = plan.expr le %[[T]], %[[MAX]]
  // CHECK:         %[[C:.*]] = plan.state @c
  // CHECK:         plan.arena
  // CHECK:         plan.launch @append {{.*}}, %[[C]]) constants({{.*}}) label "append"
  // CHECK:         plan.branch %[[SHORT]] {
  // CHECK:           plan.launch @fill {{.*}} label "one"
  // CHECK:           plan.launch @fill {{.*}} label "two"
  // CHECK:         }
  // CHECK:         plan.branch %[[LONG]] {
  // CHECK:           plan.launch @fill {{.*}} label "three"
  // CHECK:         }
  // CHECK:         plan.launch @fill {{.*}} label "four"
  func.func @one(%tokens: tensor<?xi32> {hadal.port = #hadal.port<"tokens", tokens, [@tokens]>},
                     %positions: tensor<?xi32> {hadal.port = #hadal.port<"positions", positions, [@tokens]>},
                     %offsets: tensor<?xi32> {hadal.port = #hadal.port<"sequence_offsets", sequence_offsets, [@sequences + 1]>},
                     %slots: tensor<?xi32> {hadal.port = #hadal.port<"slots", slots, [@sequences]>},
                     %rows: tensor<?xi32> {hadal.port = #hadal.port<"logit_rows", logit_rows, [@logit_rows]>},
                     %pages: tensor<?x?xi32> {hadal.port = #hadal.port<"block_table", block_table of @pages, [@slots, @pages_per_slot]>})
      -> (tensor<?x64xf32> {hadal.port = #hadal.port<"logits", logits>}) attributes {hadal.entry = #hadal.entry<decode>} {
    %table = hadal.param @table : tensor<97x64xf32>
    %w = hadal.param @w : tensor<48xf32>
    %cos = hadal.param @cos : tensor<128x8xf32>
    %c = hadal.state_read @c : tensor<?x64x64xf32>
    %kv = hadal.dispatch @fill(%tokens, %table) label "kv" : (tensor<?xi32>, tensor<97x64xf32>) -> tensor<?x64xf32>
    %c1 = hadal.dispatch @append(%kv, %w, %cos, %positions, %pages, %c) label "append" : (tensor<?x64xf32>, tensor<48xf32>, tensor<128x8xf32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?x64x64xf32>) -> tensor<?x64x64xf32>
    hadal.state_write @c, %c1 : tensor<?x64x64xf32>
    %1 = hadal.dispatch @fill(%tokens, %table) label "one" when <any_shorter, 171> : (tensor<?xi32>, tensor<97x64xf32>) -> tensor<?x64xf32>
    %2 = hadal.dispatch @fill(%tokens, %table) label "two" when <any_shorter, 171> : (tensor<?xi32>, tensor<97x64xf32>) -> tensor<?x64xf32>
    %3 = hadal.dispatch @fill(%tokens, %table) label "three" when <any_at_least, 171> : (tensor<?xi32>, tensor<97x64xf32>) -> tensor<?x64xf32>
    %4 = hadal.dispatch @fill(%tokens, %table) label "four" : (tensor<?xi32>, tensor<97x64xf32>) -> tensor<?x64xf32>
    return %4 : tensor<?x64xf32>
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // expected-error @+1 {{expected arguments that are ranked tensors, got 'f32'}}
  func.func @forward(%x: f32) {
    return
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  hadal.executable @k {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      return %x : tensor<?x64xf32>
    }
  }
  func.func @forward(%tokens: tensor<?xi32>, %positions: tensor<?xi32>, %rows: tensor<?xi32>) -> tensor<?xi32> {
    // expected-error @+1 {{expected to return the result of a dispatch, made for this alone}}
    return %tokens : tensor<?xi32>
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  hadal.executable @gather {
    func.func @body(%x: tensor<?x64xf32>, %r: tensor<?xi32>) -> tensor<?x64xf32> {
      %y = hadal.gather_rows %x, %r : (tensor<?x64xf32>, tensor<?xi32>) -> tensor<?x64xf32>
      return %y : tensor<?x64xf32>
    }
  }
  func.func @forward(%tokens: tensor<?xi32>, %positions: tensor<?xi32>, %rows: tensor<?xi32>) {
    %c1 = arith.constant 1 : index
    %x = tensor.empty(%c1) : tensor<?x64xf32>
    // expected-error @+1 {{expected an interface on executable @gather, found none}}
    %y = hadal.dispatch @gather(%x, %rows) label "gather" : (tensor<?x64xf32>, tensor<?xi32>) -> tensor<?x64xf32>
    return
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  hadal.executable @gather interface <bindings = [0, 1, 2], access = [read, read, write], constants = [#hadal.extent<0, 0>]> {
    func.func @body(%x: tensor<4x64xf32>, %r: tensor<?xi32>) -> tensor<?x64xf32> {
      %y = hadal.gather_rows %x, %r : (tensor<4x64xf32>, tensor<?xi32>) -> tensor<?x64xf32>
      return %y : tensor<?x64xf32>
    }
  }
  func.func @forward(%tokens: tensor<?xi32>, %positions: tensor<?xi32>, %rows: tensor<?xi32>) {
    %x = arith.constant dense<1.0> : tensor<4x64xf32>
    // expected-error @+1 {{expected operands that are arguments, parameters, states or results of dispatches, got another value}}
    %y = hadal.dispatch @gather(%x, %rows) label "gather" : (tensor<4x64xf32>, tensor<?xi32>) -> tensor<?x64xf32>
    return
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  hadal.executable @k {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      return %x : tensor<?x64xf32>
    }
  }
  func.func @forward(%tokens: tensor<?xi32>, %positions: tensor<?xi32>, %rows: tensor<?xi32>) {
    // expected-error @+1 {{'arith.addi' op has no place in a plan}}
    %y = arith.addi %tokens, %positions : tensor<?xi32>
    return
  }
}

// -----

// An argument whose extents no dim names has its own; the size of a buffer may be any expression of them.
hadal.program @cpu target <"cpu"> {
  plan.host_dim @drafts is call_value default 1 from 1 to 8
  hadal.executable @logits interface <bindings = [0, 1, 2], access = [read, read, write], constants = [#hadal.extent<0, 0>, #hadal.extent<1, 0>, #hadal.host_dim<@drafts>]> {
    func.func @body(%x: tensor<?x64xf32>, %w: tensor<97x64xf32>) -> tensor<?x97xf32> {
      %y = hadal.linear %x, %w : (tensor<?x64xf32>, tensor<97x64xf32>) -> tensor<?x97xf32>
      return %y : tensor<?x97xf32>
    }
    hadal.variant "x86-64-v3" {
      plan.interface {
      ^bb0(%rows: !plan.int, %outputs: !plan.int, %drafts: !plan.int):
        plan.grid %rows, %outputs, %drafts
      }
      func.func @logits() {
        return
      }
    }
  }
  hadal.parameter @w : tensor<97x64xf32>
  // CHECK-LABEL: plan.entry @other {
  // CHECK-DAG:     %[[ROWS:.*]] = plan.extent 0, 0
  // CHECK-DAG:     %[[SIDE:.*]] = plan.extent 1, 1
  // CHECK-DAG:     %[[DRAFTS:.*]] = plan.dim @drafts
  // CHECK-DAG:     %[[AREA:.*]] = plan.expr mul %[[ROWS]], %[[SIDE]]
  // CHECK-DAG:     %[[FOUR:.*]] = plan.constant 4
  // CHECK-DAG:     %[[BYTES:.*]] = plan.expr mul %[[AREA]], %[[FOUR]]
  // A product is counted in pieces of the alignment, a dim by itself.
  // CHECK-DAG:     %[[ALIGN:.*]] = plan.constant 64
  // CHECK-DAG:     %[[PIECES:.*]] = plan.expr ceil_div %[[BYTES]], %[[ALIGN]]
  // CHECK-DAG:     %[[SIZE:.*]] = plan.expr mul %[[PIECES]], %[[ALIGN]]
  // CHECK-DAG:     %[[VOCAB:.*]] = plan.constant 97
  // CHECK:         plan.argument 0 "x" : tensor<?x64xf32> sizes(%[[ROWS]])
  // CHECK:         plan.argument 1 "1" : tensor<8x?xi32> sizes(%[[SIDE]])
  // CHECK:         plan.result 0 "y" role kept : tensor<?x97xf32> sizes(%[[ROWS]])
  // CHECK:         plan.buffer "scratch" offset %{{.*}} size %[[SIZE]]
  // CHECK:         plan.launch @logits {{.*}} constants(%[[ROWS]], %[[VOCAB]], %[[DRAFTS]])
  func.func @other(%x: tensor<?x64xf32> {hadal.port = #hadal.port<"x", value>}, %mask: tensor<8x?xi32>)
      -> (tensor<?x97xf32> {hadal.port = #hadal.port<"y", kept>}) {
    %w = hadal.param @w : tensor<97x64xf32>
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %rows = tensor.dim %x, %c0 : tensor<?x64xf32>
    %side = tensor.dim %mask, %c1 : tensor<8x?xi32>
    %scratch = tensor.empty(%rows, %side) : tensor<?x?xf32>
    %y = hadal.dispatch @logits(%x, %w) label "logits" : (tensor<?x64xf32>, tensor<97x64xf32>) -> tensor<?x97xf32>
    return %y : tensor<?x97xf32>
  }
}

// -----

// How many pages a state has, only the session knows.
hadal.program @cpu target <"cpu"> {
  plan.block_table @pages page_size 64
  hadal.state @c growing @pages : tensor<?x64x64xf32>
  hadal.executable @k interface <bindings = [0, 1], access = [read, write], constants = [#hadal.extent<0, 0>]> {
    func.func @body(%c: tensor<?x64x64xf32>) -> tensor<?x64x64xf32> {
      %y = arith.negf %c : tensor<?x64x64xf32>
      return %y : tensor<?x64x64xf32>
    }
  }
  func.func @f() {
    %c = hadal.state_read @c : tensor<?x64x64xf32>
    // expected-error @+1 {{expected a constant that the host knows, got #hadal.extent<0, 0>}}
    %y = hadal.dispatch @k(%c) label "k" : (tensor<?x64x64xf32>) -> tensor<?x64x64xf32>
    hadal.state_write @c, %c : tensor<?x64x64xf32>
    return
  }
}

// -----

// Conditions and costs are about dims that the program declares.
hadal.program @cpu target <"cpu"> {
  hadal.executable @embedding interface <bindings = [0, 1, 2], access = [read, read, write], constants = []> {
    func.func @body(%t: tensor<?xi32>, %w: tensor<97x64xf32>) -> tensor<?x64xf32> {
      %y = hadal.embedding %t, %w : (tensor<?xi32>, tensor<97x64xf32>) -> tensor<?x64xf32>
      return %y : tensor<?x64xf32>
    }
  }
  hadal.parameter @table : tensor<97x64xf32>
  func.func @f(%tokens: tensor<?xi32>) {
    %table = hadal.param @table : tensor<97x64xf32>
    // expected-error @+1 {{expected a plan.host_dim of kind min_sequence_tokens, found none}}
    %x = hadal.dispatch @embedding(%tokens, %table) label "x" when <any_shorter, 171> : (tensor<?xi32>, tensor<97x64xf32>) -> tensor<?x64xf32>
    return
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // expected-error @+1 {{expected a body of ops that compute, found none}}
  hadal.executable @empty interface <bindings = [0], access = [read], constants = []> {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      return %x : tensor<?x64xf32>
    }
  }
}

// -----

// Variants are of levels of the program's target, which is a registered one.
hadal.program @cpu target <"cpu"> {
  hadal.executable @c {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      return %x : tensor<?x64xf32>
    }
    // expected-error @+1 {{expected a level of the target 'cpu', got 'x86-64-v2'}}
    hadal.variant "x86-64-v2" {
    }
  }
}

// -----

// expected-error @+1 {{expected a target that is registered (cpu, cuda), got 'tpu'}}
hadal.program @tpu target <"tpu"> {
}

// -----

hadal.program @one target <"cpu"> {
}
// expected-error @+1 {{expected one program for target 'cpu', found another}}
hadal.program @two target <"cpu"> {
}

// -----

// A result that is made in place is returned like any other, by its last writer alone.
hadal.program @cpu target <"cpu"> {
  hadal.executable @attend interface <bindings = [0, 1], access = [read, read_write], constants = []> {
    func.func @body(%x: tensor<?x64xf32>, %out: tensor<?x64xf32>) -> tensor<?x64xf32> {
      %y = linalg.copy ins(%x : tensor<?x64xf32>) outs(%out : tensor<?x64xf32>) -> tensor<?x64xf32>
      return %y : tensor<?x64xf32>
    }
    hadal.variant "x86-64-v3" {
      plan.interface {
        %one = plan.constant 1
        plan.grid %one, %one, %one
      }
      func.func @attend() {
        return
      }
    }
  }
  // CHECK-LABEL: plan.entry @twice
  // CHECK:         %[[X:.*]] = plan.argument 0
  // CHECK:         %[[Y:.*]] = plan.result 0 {{.*}} sizes(%[[N:.*]])
  // CHECK:         plan.launch @attend bindings(%[[X]], %[[Y]]) {{.*}} label "first"
  // CHECK:         plan.launch @attend bindings(%[[X]], %[[Y]]) {{.*}} label "second"
  func.func @twice(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
    %zero = arith.constant 0 : index
    %n = tensor.dim %x, %zero : tensor<?x64xf32>
    %out = tensor.empty(%n) : tensor<?x64xf32>
    %a = hadal.dispatch @attend(%x, %out) label "first" : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
    %b = hadal.dispatch @attend(%x, %a) label "second" : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
    return %b : tensor<?x64xf32>
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  hadal.executable @attend interface <bindings = [0, 1], access = [read, read_write], constants = []> {
    func.func @body(%x: tensor<?x64xf32>, %out: tensor<?x64xf32>) -> tensor<?x64xf32> {
      %y = linalg.copy ins(%x : tensor<?x64xf32>) outs(%out : tensor<?x64xf32>) -> tensor<?x64xf32>
      return %y : tensor<?x64xf32>
    }
    hadal.variant "x86-64-v3" {
      plan.interface {
        %one = plan.constant 1
        plan.grid %one, %one, %one
      }
      func.func @attend() {
        return
      }
    }
  }
  func.func @stale(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
    %zero = arith.constant 0 : index
    %n = tensor.dim %x, %zero : tensor<?x64xf32>
    %out = tensor.empty(%n) : tensor<?x64xf32>
    %a = hadal.dispatch @attend(%x, %out) label "first" : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
    %b = hadal.dispatch @attend(%x, %a) label "second" : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
    // expected-error @+1 {{expected to return the result of a dispatch, made for this alone}}
    return %a : tensor<?x64xf32>
  }
}

// -----

// Names of images keep clear of what the program declares.
hadal.program @cpu target <"cpu"> {
  hadal.executable @norm interface <bindings = [0, 1], access = [read, write], constants = []> {
    func.func @body(%x: tensor<4xf32>) -> tensor<4xf32> {
      %y = math.exp %x : tensor<4xf32>
      return %y : tensor<4xf32>
    }
    hadal.variant "x86-64-v3" {
      plan.interface {
        %one = plan.constant 1
        plan.grid %one, %one, %one
      }
      func.func @norm() {
        return
      }
    }
  }
  // CHECK-LABEL: plan.host_dim @"cpu.x86-64-v3" is tokens
  // CHECK:       plan.image @"cpu.x86-64-v3_0" level "x86-64-v3"
  // CHECK:       plan.variant @"cpu.x86-64-v3_0"
  // CHECK:       plan.entry @"cpu.x86-64-v4-bf16"
  plan.host_dim @"cpu.x86-64-v3" is tokens
  func.func @"cpu.x86-64-v4-bf16"(%x: tensor<4xf32>) -> tensor<4xf32> {
    %y = hadal.dispatch @norm(%x) label "norm" : (tensor<4xf32>) -> tensor<4xf32>
    return %y : tensor<4xf32>
  }
}

// -----

// Integers that may be negative are divided, and compared, as their ops say; dims that may not by the plan's names.
hadal.program @cpu target <"cpu"> {
  plan.host_dim @tokens is tokens
  plan.host_dim @shift is call_value default 0 from -4 to 4
  hadal.executable @fill interface <bindings = [0], access = [read_write], constants = []> {
    func.func @body(%y: tensor<?xf32>) -> tensor<?xf32> {
      %one = arith.constant 1.0 : f32
      %z = linalg.fill ins(%one : f32) outs(%y : tensor<?xf32>) -> tensor<?xf32>
      return %z : tensor<?xf32>
    }
    hadal.variant "x86-64-v3" {
      plan.interface {
        %one = plan.constant 1
        plan.grid %one, %one, %one
      }
      func.func @fill() {
        return
      }
    }
  }
  // CHECK-LABEL: plan.entry @known
  // CHECK-DAG:     %[[N:.*]] = plan.dim @tokens
  // CHECK-DAG:     %[[TWO:.*]] = plan.constant 2
  // CHECK:         %[[HALF:.*]] = plan.expr floor_div %[[N]], %[[TWO]]
  // CHECK-NOT:     plan.expr {{lt|min|max}}
  // CHECK:         plan.result 0 {{.*}} sizes(%[[HALF]])
  func.func @known(%x: tensor<?xf32> {hadal.port = #hadal.port<"x", value, [@tokens]>}) -> tensor<?xf32> {
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %n = tensor.dim %x, %c0 : tensor<?xf32>
    %half = arith.divsi %n, %c2 : index
    %e = tensor.empty(%half) : tensor<?xf32>
    %y = hadal.dispatch @fill(%e) label "fill" : (tensor<?xf32>) -> tensor<?xf32>
    return %y : tensor<?xf32>
  }
  // CHECK-LABEL: plan.entry @signed
  // CHECK-DAG:     %[[S:.*]] = plan.dim @shift
  // CHECK-DAG:     %[[TWO:.*]] = plan.constant 2
  // CHECK-DAG:     %[[ZERO:.*]] = plan.constant 0
  // CHECK-DAG:     %[[UP:.*]] = plan.expr max %[[S]], %[[ZERO]]
  // CHECK-DAG:     %[[FLOOR:.*]] = plan.expr floor_div %[[UP]], %[[TWO]]
  // CHECK-DAG:     %[[DOWN:.*]] = plan.expr min %[[S]], %[[ZERO]]
  // CHECK-DAG:     %[[CEIL:.*]] = plan.expr ceil_div %[[DOWN]], %[[TWO]]
  // CHECK:         %[[HALF:.*]] = plan.expr add %[[FLOOR]], %[[CEIL]]
  // CHECK:         plan.result 0 {{.*}} sizes(%[[HALF]])
  func.func @signed() -> tensor<?xf32> {
    %c2 = arith.constant 2 : index
    %s = hadal.host_dim @shift
    %half = arith.divsi %s, %c2 : index
    %e = tensor.empty(%half) : tensor<?xf32>
    %y = hadal.dispatch @fill(%e) label "fill" : (tensor<?xf32>) -> tensor<?xf32>
    return %y : tensor<?xf32>
  }
  // CHECK-LABEL: plan.entry @unsigned
  // CHECK-DAG:     %[[S:.*]] = plan.dim @shift
  // CHECK-DAG:     %[[TWO:.*]] = plan.constant 2
  // CHECK-DAG:     %[[ZERO:.*]] = plan.constant 0
  // CHECK-DAG:     %[[NEGATIVE:.*]] = plan.expr lt %[[S]], %[[ZERO]]
  // CHECK:         %[[DIVISOR:.*]] = plan.select %[[NEGATIVE]], %[[ZERO]], %[[TWO]]
  // CHECK:         %[[HALF:.*]] = plan.expr floor_div %[[S]], %[[DIVISOR]]
  // CHECK:         plan.result 0 {{.*}} sizes(%[[HALF]])
  func.func @unsigned() -> tensor<?xf32> {
    %c2 = arith.constant 2 : index
    %s = hadal.host_dim @shift
    %half = arith.divui %s, %c2 : index
    %e = tensor.empty(%half) : tensor<?xf32>
    %y = hadal.dispatch @fill(%e) label "fill" : (tensor<?xf32>) -> tensor<?xf32>
    return %y : tensor<?xf32>
  }
}
