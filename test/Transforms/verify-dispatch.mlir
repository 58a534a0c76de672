// Entry points hold dispatches, executables bodies of ops that compute, and nothing reads what was overwritten.
// RUN: hadal-opt %s --split-input-file --verify-diagnostics --hadal-verify-dispatch

hadal.program @cpu target <"cpu"> {
  hadal.executable @norm {
    func.func @body(%x: tensor<?x64xf32>, %w: tensor<64xf32>) -> tensor<?x64xf32> {
      %y = hadal.rms_norm %x, %w {eps = 1.0e-6 : f32} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
      return %y : tensor<?x64xf32>
    }
  }
  hadal.parameter @w : tensor<64xf32>
  func.func @prefill(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
    %w = hadal.param @w : tensor<64xf32>
    %y = hadal.dispatch @norm(%x, %w) label "norm" : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
    hadal.tap "hidden.0", %y : tensor<?x64xf32>
    return %y : tensor<?x64xf32>
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  func.func @prefill(%x: tensor<?x64xf32>, %w: tensor<64xf32>) -> tensor<?x64xf32> {
    // expected-error @+1 {{'hadal.rms_norm' op expected dispatches, parameters, states and taps in an entry point at the dispatch stage}}
    %y = hadal.rms_norm %x, %w {eps = 1.0e-6 : f32} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
    return %y : tensor<?x64xf32>
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // expected-error @+1 {{expected a dispatch of every executable, found none}}
  hadal.executable @gather {
    func.func @body(%x: tensor<?x64xf32>, %r: tensor<?xi32>) -> tensor<?x64xf32> {
      %y = hadal.gather_rows %x, %r : (tensor<?x64xf32>, tensor<?xi32>) -> tensor<?x64xf32>
      return %y : tensor<?x64xf32>
    }
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  hadal.executable @frame {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      // expected-error @+1 {{'hadal.tap' op has no place in a body: expected a hadal op that computes, or one of linalg, tensor, arith or math}}
      hadal.tap "x", %x : tensor<?x64xf32>
      return %x : tensor<?x64xf32>
    }
  }
  func.func @prefill(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
    %y = hadal.dispatch @frame(%x) label "frame" : (tensor<?x64xf32>) -> tensor<?x64xf32>
    return %y : tensor<?x64xf32>
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // expected-error @+1 {{expected a body of ops that compute, found none}}
  hadal.executable @empty {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      return %x : tensor<?x64xf32>
    }
  }
  func.func @prefill(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
    %y = hadal.dispatch @empty(%x) label "empty" : (tensor<?x64xf32>) -> tensor<?x64xf32>
    return %y : tensor<?x64xf32>
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // expected-error @+1 {{expected a body that returns results of its ops, each once}}
  hadal.executable @argument {
    func.func @body(%x: tensor<?x64xf32>) -> (tensor<?x64xf32>, tensor<?x64xf32>) {
      %y = math.exp %x : tensor<?x64xf32>
      return %y, %x : tensor<?x64xf32>, tensor<?x64xf32>
    }
  }
  func.func @prefill(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
    %y, %z = hadal.dispatch @argument(%x) label "argument" : (tensor<?x64xf32>) -> (tensor<?x64xf32>, tensor<?x64xf32>)
    return %y : tensor<?x64xf32>
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // expected-error @+1 {{expected a body that returns results of its ops, each once}}
  hadal.executable @again {
    func.func @body(%x: tensor<?x64xf32>) -> (tensor<?x64xf32>, tensor<?x64xf32>) {
      %y = math.exp %x : tensor<?x64xf32>
      return %y, %y : tensor<?x64xf32>, tensor<?x64xf32>
    }
  }
  func.func @prefill(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
    %y, %z = hadal.dispatch @again(%x) label "again" : (tensor<?x64xf32>) -> (tensor<?x64xf32>, tensor<?x64xf32>)
    return %y : tensor<?x64xf32>
  }
}

// -----

// A destination two ops away, in a body.
hadal.program @cpu target <"cpu"> {
  hadal.executable @over {
    func.func @body(%x: tensor<64xf32>, %out: tensor<64xf32>) -> tensor<64xf32> {
      %zero = arith.constant 0.0 : f32
      %f = linalg.fill ins(%zero : f32) outs(%out : tensor<64xf32>) -> tensor<64xf32>
      %y = linalg.exp ins(%x : tensor<64xf32>) outs(%f : tensor<64xf32>) -> tensor<64xf32>
      return %y : tensor<64xf32>
    }
  }
  hadal.parameter @w : tensor<64xf32>
  func.func @prefill(%x: tensor<64xf32>) -> tensor<64xf32> {
    %w = hadal.param @w : tensor<64xf32>
    // expected-error @+1 {{expected no parameter as a destination, got one}}
    %y = hadal.dispatch @over(%x, %w) label "over" : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
    return %y : tensor<64xf32>
  }
}

// -----

// An argument is the caller's, whether or not what becomes of it is returned.
hadal.program @cpu target <"cpu"> {
  hadal.executable @over {
    func.func @body(%x: tensor<64xf32>, %out: tensor<64xf32>) -> tensor<64xf32> {
      %y = linalg.exp ins(%x : tensor<64xf32>) outs(%out : tensor<64xf32>) -> tensor<64xf32>
      return %y : tensor<64xf32>
    }
  }
  func.func @call(%x: tensor<64xf32>, %out: tensor<64xf32> {hadal.port = #hadal.port<"sink", value>}) {
    // expected-error @+1 {{expected no argument of the function as a destination, got 'sink'}}
    %y = hadal.dispatch @over(%x, %out) label "over" : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
    return
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  hadal.executable @append {
    func.func @body(%kv: tensor<?x80xf32>, %w: tensor<64xf32>, %cos: tensor<128x8xf32>, %i: tensor<?xi32>, %t: tensor<?x?xi32>, %c: tensor<?x64x80xf32>) -> tensor<?x64x80xf32> {
      %y = hadal.mla_append %kv, %w, %cos, %cos, %i, %i, %i, %t outs(%c) {eps = 1.0e-6 : f32}
        : (tensor<?x80xf32>, tensor<64xf32>, tensor<128x8xf32>, tensor<128x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?x64x80xf32>) -> tensor<?x64x80xf32>
      return %y : tensor<?x64x80xf32>
    }
  }
  plan.block_table @pages page_size 64
  hadal.state @c growing @pages : tensor<?x64x80xf32>
  func.func @prefill(%kv: tensor<?x80xf32>, %w: tensor<64xf32>, %cos: tensor<128x8xf32>, %i: tensor<?xi32>, %t: tensor<?x?xi32>) {
    %c = hadal.state_read @c : tensor<?x64x80xf32>
    %c1 = hadal.dispatch @append(%kv, %w, %cos, %i, %t, %c) label "append" : (tensor<?x80xf32>, tensor<64xf32>, tensor<128x8xf32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?x64x80xf32>) -> tensor<?x64x80xf32>
    // expected-error @+1 {{expected no use of a destination after it is overwritten, found one}}
    hadal.state_write @c, %c : tensor<?x64x80xf32>
    return
  }
}

// -----

// expected-error @+1 {{expected an entry point, found none}}
hadal.program @cpu target <"cpu"> {
}

// -----

// A module holds programs alone, one for each target that there is: hadal-verify-kernel has all the cases.
// expected-error @+1 {{expected nothing beside programs from the dispatch stage on}}
hadal.parameter @w : tensor<64xf32>
hadal.program @cpu target <"cpu"> {
}

// -----

// expected-error @+1 {{expected nothing beside programs from the dispatch stage on}}
plan.program @plan abi 1 {
}

// -----

// expected-error @+1 {{expected a target that is registered (cpu, cuda), got 'tpu'}}
hadal.program @cpu target <"tpu"> {
}

// -----

// Of what is overwritten an extent may still be asked: nothing of it is read.
hadal.program @cpu target <"cpu"> {
  plan.block_table @pages page_size 64
  hadal.state @c growing @pages : tensor<?x64xf32>
  hadal.executable @write {
    func.func @body(%x: tensor<64xf32>, %c: tensor<?x64xf32>) -> tensor<?x64xf32> {
      %y = linalg.broadcast ins(%x : tensor<64xf32>) outs(%c : tensor<?x64xf32>) dimensions = [0]
      return %y : tensor<?x64xf32>
    }
  }
  hadal.executable @rows {
    func.func @body(%c: tensor<?x64xf32>) -> tensor<4xindex> {
      %c0 = arith.constant 0 : index
      %n = tensor.dim %c, %c0 : tensor<?x64xf32>
      %e = tensor.empty() : tensor<4xindex>
      %y = linalg.fill ins(%n : index) outs(%e : tensor<4xindex>) -> tensor<4xindex>
      return %y : tensor<4xindex>
    }
  }
  hadal.executable @read {
    func.func @body(%c: tensor<?x64xf32>) -> tensor<?x64xf32> {
      %y = math.exp %c : tensor<?x64xf32>
      return %y : tensor<?x64xf32>
    }
  }
  func.func @step(%x: tensor<64xf32>) -> (tensor<?xf32>, tensor<4xindex>) {
    %c0 = arith.constant 0 : index
    %c = hadal.state_read @c : tensor<?x64xf32>
    %c1 = hadal.dispatch @write(%x, %c) label "write" : (tensor<64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
    %n = tensor.dim %c, %c0 : tensor<?x64xf32>
    %r = hadal.dispatch @rows(%c) label "rows" : (tensor<?x64xf32>) -> tensor<4xindex>
    hadal.state_write @c, %c1 : tensor<?x64xf32>
    %y = tensor.empty(%n) : tensor<?xf32>
    return %y, %r : tensor<?xf32>, tensor<4xindex>
  }
  func.func @stale(%x: tensor<64xf32>) -> tensor<?x64xf32> {
    %c = hadal.state_read @c : tensor<?x64xf32>
    %c1 = hadal.dispatch @write(%x, %c) label "write" : (tensor<64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
    // expected-error @+1 {{expected no use of a destination after it is overwritten, found one}}
    %y = hadal.dispatch @read(%c) label "read" : (tensor<?x64xf32>) -> tensor<?x64xf32>
    hadal.state_write @c, %c1 : tensor<?x64xf32>
    return %y : tensor<?x64xf32>
  }
}

// -----

// What a body reads of a rotary table, it reads at the positions that it is given of the step.
hadal.program @cpu target <"cpu"> {
  plan.host_dim @tokens is tokens
  hadal.parameter @cos : tensor<128x8xf32> table <component = cos, dim = 16, theta = 1.0e+04 : f64, factor = 1.0 : f64, original_positions = 128, beta_fast = 32.0 : f64, beta_slow = 1.0 : f64, mscale = 1.0 : f64>
  hadal.executable @rope {
    func.func @body(%x: tensor<?x16xf32>, %p: tensor<?xi32>, %t: tensor<128x8xf32>) -> tensor<?x16xf32> {
      // expected-error @+1 {{'hadal.rope' op expected a rotary table to be read at the positions of a step alone}}
      %y = hadal.rope %x, %p, %t, %t {heads = 1 : i64} : (tensor<?x16xf32>, tensor<?xi32>, tensor<128x8xf32>, tensor<128x8xf32>) -> tensor<?x16xf32>
      return %y : tensor<?x16xf32>
    }
  }
  func.func @checked(%x: tensor<?x16xf32>, %p: tensor<?xi32> {hadal.port = #hadal.port<"p", positions, [@tokens]>}) -> tensor<?x16xf32> {
    %t = hadal.param @cos : tensor<128x8xf32>
    %y = hadal.dispatch @rope(%x, %p, %t) label "rope" : (tensor<?x16xf32>, tensor<?xi32>, tensor<128x8xf32>) -> tensor<?x16xf32>
    return %y : tensor<?x16xf32>
  }
  func.func @unchecked(%x: tensor<?x16xf32>, %p: tensor<?xi32>) -> tensor<?x16xf32> {
    %t = hadal.param @cos : tensor<128x8xf32>
    %y = hadal.dispatch @rope(%x, %p, %t) label "rope" : (tensor<?x16xf32>, tensor<?xi32>, tensor<128x8xf32>) -> tensor<?x16xf32>
    return %y : tensor<?x16xf32>
  }
}
