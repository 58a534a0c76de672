// Entry points become plans: buffers, launches, branches.
// RUN: hadal-opt %s --split-input-file --verify-diagnostics --hadal-convert-to-plan | FileCheck %s

hadal.program @cpu target <"cpu"> {
  // Parameters and states stay: they are the recipe of the weights file.
  // CHECK-NOT:   hadal.program
  // CHECK-LABEL: plan.program @cpu abi 1
  // CHECK-NEXT:    hadal.parameter @w
  // CHECK-NEXT:    hadal.parameter @table
  // CHECK-NEXT:    hadal.state @c
  // CHECK-NOT:   hadal.executable
  hadal.parameter @w : tensor<64xf32>
  hadal.parameter @table : tensor<97x64xf32>
  hadal.state @c : tensor<?x64x80xf32>

  // An image for each level, best first in the executable; scratch and constants go along.
  // CHECK:         plan.image @"cpu.x86-64-v3" level "x86-64-v3"
  // CHECK:           func.func @norm
  // CHECK:         plan.image @"cpu.x86-64-v4-bf16" level "x86-64-v4-bf16"
  // CHECK:           func.func @norm
  // CHECK:         plan.executable @embedding family "embedding" access [0, 0, 1] constants 0 scratch 0
  // CHECK:         plan.executable @norm family "rms_norm" access [0, 0, 1] constants 4 scratch 256 images [@"cpu.x86-64-v4-bf16", @"cpu.x86-64-v3"]
  hadal.executable @embedding interface <bindings = [0, 1, 2], access = [0, 0, 1], constants = [#hadal.extent<0, 0>], passed = 0> {
    func.func @body(%t: tensor<?xi32>, %w: tensor<97x64xf32>) -> tensor<?x64xf32> {
      %y = hadal.embedding %t, %w : (tensor<?xi32>, tensor<97x64xf32>) -> tensor<?x64xf32>
      return %y : tensor<?x64xf32>
    }
    hadal.variant "x86-64-v3" {
      plan.count {
      ^bb0(%rows: !plan.int):
        %one = plan.constant 1
        plan.yield %rows, %one, %one
      }
      func.func @embedding() {
        return
      }
    }
  }
  hadal.executable @norm interface <bindings = [0, 1, 2], access = [0, 0, 1], constants = [7, #hadal.extent<0, 0>, #hadal.host_dim<"sequences">, #hadal.host_dim<"pages_per_slot">, 9], passed = 4> {
    func.func @body(%x: tensor<?x64xf32>, %w: tensor<64xf32>) -> tensor<?x64xf32> {
      %y = hadal.rms_norm %x, %w {eps = 1.0e-6 : f32} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
      return %y : tensor<?x64xf32>
    }
    hadal.variant "x86-64-v3" scratch 256 {
      plan.count {
      ^bb0(%seven: !plan.int, %rows: !plan.int, %sequences: !plan.int, %pages: !plan.int, %nine: !plan.int):
        %one = plan.constant 1
        %two = plan.constant 2
        %three = plan.constant 3
        %16 = plan.constant 16
        %a = plan.expr mul %sequences, %two
        %b = plan.expr add %three, %a
        %c = plan.expr ceil_div %rows, %16
        %x = plan.expr add %b, %c
        plan.yield %x, %one, %nine
      }
      func.func @norm() {
        return
      }
    }
    hadal.variant "x86-64-v4-bf16" scratch 256 {
      plan.count {
      ^bb0(%seven: !plan.int, %rows: !plan.int, %sequences: !plan.int, %pages: !plan.int, %nine: !plan.int):
        %one = plan.constant 1
        %two = plan.constant 2
        %three = plan.constant 3
        %16 = plan.constant 16
        %a = plan.expr mul %sequences, %two
        %b = plan.expr add %three, %a
        %c = plan.expr ceil_div %rows, %16
        %x = plan.expr add %b, %c
        plan.yield %x, %one, %nine
      }
      func.func @norm() {
        return
      }
    }
  }

  // CHECK:         plan.entry @prefill
  // CHECK-DAG:       %[[ZERO:.*]] = plan.constant 0
  // CHECK-DAG:       %[[ONE:.*]] = plan.constant 1{{$}}
  // CHECK-DAG:       %[[SEVEN:.*]] = plan.constant 7
  // CHECK-DAG:       %[[NINE:.*]] = plan.constant 9
  // CHECK-DAG:       %[[N:.*]] = plan.dim tokens
  // CHECK-DAG:       %[[S:.*]] = plan.dim sequences
  // CHECK-DAG:       %[[PAGES:.*]] = plan.dim pages_per_slot
  // A buffer of 64 f32 a token; the second may not overlap the first, whose life it meets.
  // CHECK-DAG:       %[[ROW:.*]] = plan.constant 256
  // CHECK-DAG:       %[[SIZE:.*]] = plan.expr mul %[[N]], %[[ROW]]
  // CHECK:           %[[TOKENS:.*]] = plan.argument 0 "tokens" : tensor<?xi32> sizes(%[[N]])
  // CHECK:           plan.argument 5 "block_table" : tensor<?x?xi32> sizes(%{{.*}}, %[[PAGES]])
  // CHECK:           %[[TABLE:.*]] = plan.parameter @table
  // CHECK:           %[[W:.*]] = plan.parameter @w
  // CHECK:           %[[LOGITS:.*]] = plan.result 0 "logits" : tensor<?x64xf32> sizes(%[[N]])
  // CHECK:           %[[X:.*]] = plan.buffer "embed" offset %{{.*}} size %[[SIZE]]
  // CHECK:           %[[A:.*]] = plan.buffer "layers.0.norm" offset %{{.*}} size %[[SIZE]]
  // CHECK:           plan.arena
  // CHECK:           plan.launch @embedding {{.*}} bindings(%[[TOKENS]], %[[TABLE]], %[[X]]) constants() label "embed"
  // CHECK:           plan.tap "hidden.0", %[[X]] : tensor<?x64xf32> sizes(%[[N]])
  // CHECK:           plan.launch @norm grid(%{{.*}}, %[[ONE]], %[[NINE]]) bindings(%[[X]], %[[W]], %[[A]]) constants(%[[SEVEN]], %[[N]], %[[S]], %[[PAGES]]) label "layers.0.norm"
  // CHECK:           plan.launch @norm {{.*}} bindings(%[[A]], %[[W]], %[[LOGITS]])
  func.func @prefill(%tokens: tensor<?xi32>, %positions: tensor<?xi32>, %offsets: tensor<?xi32>, %slots: tensor<?xi32>, %rows: tensor<?xi32>, %pages: tensor<?x?xi32>) -> tensor<?x64xf32> {
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
  hadal.executable @fill interface <bindings = [0, 1, 2], access = [0, 0, 1], constants = [#hadal.extent<0, 0>], passed = 0> {
    func.func @body(%t: tensor<?xi32>, %w: tensor<97x64xf32>) -> tensor<?x64xf32> {
      %y = hadal.embedding %t, %w : (tensor<?xi32>, tensor<97x64xf32>) -> tensor<?x64xf32>
      return %y : tensor<?x64xf32>
    }
    hadal.variant "x86-64-v3" {
      plan.count {
      ^bb0(%rows: !plan.int):
        %one = plan.constant 1
        plan.yield %rows, %one, %one
      }
      func.func @fill() {
        return
      }
    }
  }
  hadal.executable @append interface <bindings = [0, 1, 2, 3, 4, 5], access = [0, 0, 0, 0, 0, 2], constants = [#hadal.extent<0, 0>], passed = 0> {
    func.func @body(%kv: tensor<?x64xf32>, %w: tensor<48xf32>, %cos: tensor<128x8xf32>, %i: tensor<?xi32>, %t: tensor<?x?xi32>, %c: tensor<?x64x64xf32>) -> tensor<?x64x64xf32> {
      %y = hadal.mla_append %kv, %w, %cos, %cos, %i, %i, %i, %t outs(%c) {eps = 1.0e-6 : f32}
        : (tensor<?x64xf32>, tensor<48xf32>, tensor<128x8xf32>, tensor<128x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?x64x64xf32>) -> tensor<?x64x64xf32>
      return %y : tensor<?x64x64xf32>
    }
    hadal.variant "x86-64-v3" {
      plan.count {
      ^bb0(%rows: !plan.int):
        %one = plan.constant 1
        plan.yield %rows, %one, %one
      }
      func.func @append() {
        return
      }
    }
  }
  hadal.parameter @table : tensor<97x64xf32>
  hadal.parameter @w : tensor<48xf32>
  hadal.parameter @cos : tensor<128x8xf32>
  hadal.state @c : tensor<?x64x64xf32>

  // CHECK-LABEL: plan.entry @decode
  // CHECK-DAG:     %[[T:.*]] = plan.constant 171
  // CHECK-DAG:     %[[MIN:.*]] = plan.dim min_sequence_tokens
  // CHECK-DAG:     %[[MAX:.*]] = plan.dim max_sequence_tokens
  // CHECK-DAG:     %[[SHORT:.*]] = plan.expr lt %[[MIN]], %[[T]]
  // CHECK-DAG:     %[[LONG:.*]] = plan.expr le %[[T]], %[[MAX]]
  // CHECK:         %[[C:.*]] = plan.state @c
  // CHECK:         plan.arena
  // CHECK:         plan.launch @append {{.*}}, %[[C]]) constants() label "append"
  // CHECK:         plan.branch %[[SHORT]] {
  // CHECK:           plan.launch @fill {{.*}} label "one"
  // CHECK:           plan.launch @fill {{.*}} label "two"
  // CHECK:         }
  // CHECK:         plan.branch %[[LONG]] {
  // CHECK:           plan.launch @fill {{.*}} label "three"
  // CHECK:         }
  // CHECK:         plan.launch @fill {{.*}} label "four"
  func.func @decode(%tokens: tensor<?xi32>, %positions: tensor<?xi32>, %offsets: tensor<?xi32>, %slots: tensor<?xi32>, %rows: tensor<?xi32>, %pages: tensor<?x?xi32>) -> tensor<?x64xf32> {
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
  hadal.executable @k {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      return %x : tensor<?x64xf32>
    }
  }
  // expected-error @+1 {{expected 6 arguments, got 1}}
  func.func @prefill(%tokens: tensor<?xi32>) {
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
  // expected-error @+1 {{expected argument 'block_table' of rank 2, got 'tensor<?xi32>'}}
  func.func @prefill(%tokens: tensor<?xi32>, %positions: tensor<?xi32>, %offsets: tensor<?xi32>, %slots: tensor<?xi32>, %rows: tensor<?xi32>, %pages: tensor<?xi32>) {
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
  // expected-error @+1 {{expected argument 'positions' of rank 1, got 'f32'}}
  func.func @prefill(%tokens: tensor<?xi32>, %positions: f32, %offsets: tensor<?xi32>, %slots: tensor<?xi32>, %rows: tensor<?xi32>, %pages: tensor<?x?xi32>) {
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
  func.func @prefill(%tokens: tensor<?xi32>, %positions: tensor<?xi32>, %offsets: tensor<?xi32>, %slots: tensor<?xi32>, %rows: tensor<?xi32>, %pages: tensor<?x?xi32>) -> tensor<?xi32> {
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
  func.func @prefill(%tokens: tensor<?xi32>, %positions: tensor<?xi32>, %offsets: tensor<?xi32>, %slots: tensor<?xi32>, %rows: tensor<?xi32>, %pages: tensor<?x?xi32>) {
    %c1 = arith.constant 1 : index
    %x = tensor.empty(%c1) : tensor<?x64xf32>
    // expected-error @+1 {{expected an interface on executable @gather, found none}}
    %y = hadal.dispatch @gather(%x, %rows) label "gather" : (tensor<?x64xf32>, tensor<?xi32>) -> tensor<?x64xf32>
    return
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  hadal.executable @gather interface <bindings = [0, 1, 2], access = [0, 0, 1], constants = [#hadal.extent<0, 0>], passed = 0> {
    func.func @body(%x: tensor<4x64xf32>, %r: tensor<?xi32>) -> tensor<?x64xf32> {
      %y = hadal.gather_rows %x, %r : (tensor<4x64xf32>, tensor<?xi32>) -> tensor<?x64xf32>
      return %y : tensor<?x64xf32>
    }
  }
  func.func @prefill(%tokens: tensor<?xi32>, %positions: tensor<?xi32>, %offsets: tensor<?xi32>, %slots: tensor<?xi32>, %rows: tensor<?xi32>, %pages: tensor<?x?xi32>) {
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
  func.func @prefill(%tokens: tensor<?xi32>, %positions: tensor<?xi32>, %offsets: tensor<?xi32>, %slots: tensor<?xi32>, %rows: tensor<?xi32>, %pages: tensor<?x?xi32>) {
    // expected-error @+1 {{'arith.addi' op has no place in a plan}}
    %y = arith.addi %tokens, %positions : tensor<?xi32>
    return
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  hadal.executable @gather interface <bindings = [0, 1, 2], access = [0, 0, 1], constants = [], passed = 0> {
    func.func @body(%x: tensor<?xi32>, %r: tensor<97x64xf32>) -> tensor<?x64xf32> {
      %y = hadal.embedding %x, %r : (tensor<?xi32>, tensor<97x64xf32>) -> tensor<?x64xf32>
      return %y : tensor<?x64xf32>
    }
  }
  hadal.parameter @table : tensor<97x64xf32>
  func.func @prefill(%tokens: tensor<?xi32>, %positions: tensor<?xi32>, %offsets: tensor<?xi32>, %slots: tensor<?xi32>, %rows: tensor<?xi32>, %pages: tensor<?x?xi32>) {
    %t = hadal.param @table : tensor<97x64xf32>
    // expected-error @+1 {{expected a variant with a plan.count of 0 constants in executable @gather, found none}}
    %y = hadal.dispatch @gather(%tokens, %t) label "gather" : (tensor<?xi32>, tensor<97x64xf32>) -> tensor<?x64xf32>
    return
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

// expected-error @+1 {{expected a target that is registered (cpu), got 'tpu'}}
hadal.program @tpu target <"tpu"> {
}

// -----

hadal.program @one target <"cpu"> {
}
// expected-error @+1 {{expected one program for target 'cpu', found another}}
hadal.program @two target <"cpu"> {
}
