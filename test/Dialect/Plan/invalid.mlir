// Every constraint of the plan dialect's entry points and of what the host knows is enforced.
// RUN: hadal-opt %s --split-input-file --verify-diagnostics

// host_dim_c1: a block table is named exactly by pages_per_slot, and is a plan.block_table
// expected-error @+1 {{expected a block table exactly for pages_per_slot, got none for pages_per_slot}}
plan.host_dim @pages_per_slot is pages_per_slot

// -----

// host_dim_c1
plan.block_table @pages page_size 64
// expected-error @+1 {{expected a block table exactly for pages_per_slot, got one for tokens}}
plan.host_dim @tokens is tokens of @pages

// -----

// host_dim_c1
plan.host_dim @tokens is tokens
// expected-error @+1 {{expected @tokens to name a plan.block_table}}
plan.host_dim @pages_per_slot is pages_per_slot of @tokens

// -----

// host_dim_c2: only what is the caller's own has a default and bounds
// expected-error @+1 {{expected a default and bounds only for session_value and call_value, got them for tokens}}
plan.host_dim @tokens is tokens to 8

// -----

// host_dim_c3: the bounds are in order, and the default lies within them
// expected-error @+1 {{expected a default from 1 to 2147483647, got 0}}
plan.host_dim @drafts is call_value from 1

// -----

// host_dim_c3
// expected-error @+1 {{expected bounds in order, got from 0 to -2}}
plan.host_dim @drafts is call_value to -2

// -----

// block_table_c1: page size and tokens a row are from 1 to 1,048,576
// expected-error @+1 {{expected tokens a row from 1 to 1048576, got 0}}
plan.block_table @pages page_size 64 tokens_per_row 0

// -----

// block_table_c1
// expected-error @+1 {{expected a page size from 1 to 1048576, got -64}}
plan.block_table @pages page_size -64

// -----

// block_table_c1
// expected-error @+1 {{expected a page size from 1 to 1048576, got 4294967360}}
plan.block_table @pages page_size 4294967360

// -----

// dim_c1: the symbol names a plan.host_dim
plan.block_table @pages page_size 64
// expected-error @+1 {{expected @pages to name a plan.host_dim}}
%n = plan.dim @pages

// -----

// extent_c1: the entry point has that argument, and it has that axis
plan.program @cpu abi 1 {
  plan.entry @forward {
    // expected-error @+1 {{expected an axis of an argument of the entry point, got axis 2 of argument 0}}
    %n = plan.extent 0, 2
    %x = plan.argument 0 "x" : tensor<4x8xf32> sizes()
  }
}

// -----

// extent_c1
plan.program @cpu abi 1 {
  plan.entry @forward {
    // expected-error @+1 {{expected an axis of an argument of the entry point, got axis 0 of argument 1}}
    %n = plan.extent 1, 0
    %x = plan.argument 0 "x" : tensor<4x8xf32> sizes()
  }
}

// -----

// port_c1: one size for each dynamic extent
plan.program @cpu abi 1 {
  plan.entry @forward {
    %n = plan.constant 4
    // expected-error @+1 {{expected 2 sizes for 'tensor<?x?xi32>', got 1}}
    %x = plan.argument 0 "x" : tensor<?x?xi32> sizes(%n)
  }
}

// -----

// A result is held to the same.
plan.program @cpu abi 1 {
  plan.entry @forward {
    %n = plan.constant 4
    // expected-error @+1 {{expected 0 sizes for 'tensor<4x64xf32>', got 1}}
    %x = plan.result 0 "logits" role logits : tensor<4x64xf32> sizes(%n)
  }
}

// -----

// port_c2: the role is one of an argument, or of a result, and of such a tensor
plan.program @cpu abi 1 {
  plan.entry @forward {
    // expected-error @+1 {{expected a role of a result, got tokens}}
    %x = plan.result 0 "tokens" role tokens : tensor<4xi32> sizes()
  }
}

// -----

// port_c2
plan.program @cpu abi 1 {
  plan.entry @forward {
    // expected-error @+1 {{expected a role of an argument, got logits}}
    %x = plan.argument 0 "x" role logits : tensor<4x8xf32> sizes()
  }
}

// -----

// port_c2
plan.program @cpu abi 1 {
  plan.entry @forward {
    // expected-error @+1 {{expected slots to be a tensor of rank 1 of i32, got 'tensor<4xi64>'}}
    %x = plan.argument 0 "slots" role slots : tensor<4xi64> sizes()
  }
}

// -----

// port_c2
plan.program @cpu abi 1 {
  plan.entry @forward {
    // expected-error @+1 {{expected logits to be a tensor of rank 2 of f32, got 'tensor<4xf32>'}}
    %x = plan.result 0 "logits" role logits : tensor<4xf32> sizes()
  }
}

// -----

// port_c3: a block table is named exactly by that role, and is a plan.block_table
plan.program @cpu abi 1 {
  plan.entry @forward {
    // expected-error @+1 {{expected a plan.block_table exactly for the role block_table, got none for block_table}}
    %x = plan.argument 0 "table" role block_table : tensor<4x8xi32> sizes()
  }
}

// -----

// port_c3
plan.program @cpu abi 1 {
  plan.entry @forward {
    // expected-error @+1 {{expected @forward to name a plan.block_table}}
    %x = plan.argument 0 "table" role block_table of @forward : tensor<4x8xi32> sizes()
  }
}

// -----

// launch_c1: the symbol names a plan.executable of the program
plan.program @cpu abi 1 {
  plan.entry @forward {
    %n = plan.constant 4
    // expected-error @+1 {{expected @forward to name a plan.executable}}
    plan.launch @forward bindings() constants() label "k" flops %n bytes %n
  }
}

// -----

// launch_c2: as many bindings and constants as the executable has
plan.program @cpu abi 1 {
  plan.executable @k family "rms_norm" access [read, write] constants 1 {
  }
  plan.entry @forward {
    %n = plan.constant 4
    %x = plan.parameter @w
    // expected-error @+1 {{expected 2 bindings and 1 constants, got 1 and 0}}
    plan.launch @k bindings(%x) constants() label "k" flops %n bytes %n
  }
}

// -----

// launch_c3: no argument or parameter where the executable writes
plan.program @cpu abi 1 {
  plan.executable @k family "rms_norm" access [read_write, write] constants 0 {
  }
  plan.entry @forward {
    %n = plan.constant 4
    %x = plan.parameter @w
    %y = plan.argument 0 "y" role value : tensor<4xf32> sizes()
    // expected-error @+1 {{expected storage that @k may write as binding 0, got 'plan.argument'}}
    plan.launch @k bindings(%y, %x) constants() label "k" flops %n bytes %n
  }
}

// -----

// launch_c3
plan.program @cpu abi 1 {
  plan.executable @k family "rms_norm" access [read, write] constants 0 {
  }
  plan.entry @forward {
    %n = plan.constant 4
    %x = plan.parameter @w
    %y = plan.argument 0 "y" role value : tensor<4xf32> sizes()
    // expected-error @+1 {{expected storage that @k may write as binding 1, got 'plan.parameter'}}
    plan.launch @k bindings(%y, %x) constants() label "k" flops %n bytes %n
  }
}

// -----

// tap_c1: one size for each dynamic extent
plan.program @cpu abi 1 {
  plan.entry @forward {
    %x = plan.parameter @w
    // expected-error @+1 {{expected 1 sizes for 'tensor<?x64xf32>', got 0}}
    plan.tap "hidden.0", %x : tensor<?x64xf32> sizes()
  }
}

// -----

// tap_c2: the tensor is of rank 8 at most
plan.program @cpu abi 1 {
  plan.entry @forward {
    %x = plan.parameter @w
    // expected-error @+1 {{expected a tensor of rank 8 at most, got 'tensor<1x1x1x1x1x1x1x1x1xf32>'}}
    plan.tap "hidden.0", %x : tensor<1x1x1x1x1x1x1x1x1xf32> sizes()
  }
}

// -----

// buffer_c1: an offset that is constant is a multiple of 64, and neither is negative
plan.program @cpu abi 1 {
  plan.entry @forward {
    %n = plan.constant 100
    // expected-error @+1 {{expected an offset that is a multiple of 64 and a size, neither negative, got 100 bytes at 100}}
    %x = plan.buffer "x" offset %n size %n
  }
}

// -----

// buffer_c1
plan.program @cpu abi 1 {
  plan.entry @forward {
    %a = plan.constant 64
    %b = plan.constant 128
    %c = plan.expr sub %a, %b
    // expected-error @+1 {{expected an offset that is a multiple of 64 and a size, neither negative, got -64 bytes at 64}}
    %x = plan.buffer "x" offset %a size %c
  }
}

// -----

// entry_c1: holds expressions, buffers and what is executed only
plan.program @cpu abi 1 {
  plan.entry @forward {
    %n = plan.constant 64
    // expected-error @+1 {{expected expressions, buffers, launches, branches and taps in an entry point}}
    plan.yield %n
  }
}

// -----

// entry_c1
plan.program @cpu abi 1 {
  plan.entry @forward {
    %n = plan.constant 64
    plan.branch %n {
      // expected-error @+1 {{expected expressions, buffers, launches, branches and taps in an entry point}}
      %x = arith.constant 1 : i32
    }
  }
}

// -----

// entry_c2: the index of an argument, and of a result, is its place among them
plan.program @cpu abi 1 {
  plan.entry @forward {
    %x = plan.argument 0 "x" : tensor<4xf32> sizes()
    %z = plan.result 0 "z" : tensor<4xf32> sizes()
    // expected-error @+1 {{expected the index 1, its place, got 2}}
    %y = plan.argument 2 "y" : tensor<4xf32> sizes()
  }
}

// -----

// entry_c2
plan.program @cpu abi 1 {
  plan.entry @forward {
    // expected-error @+1 {{expected the index 0, its place, got 4294967296}}
    %y = plan.result 4294967296 "y" : tensor<4xf32> sizes()
  }
}

// -----

plan.program @cpu abi 1 {
  plan.entry @forward {
    %n = plan.constant 64
    plan.branch %n {
      // expected-error @+1 {{expects parent op 'plan.entry'}}
      %y = plan.argument 0 "y" : tensor<4xf32> sizes()
    }
  }
}

// -----

// branch_c1: one block for either list at most, and at most 8 branches inside each other
plan.program @cpu abi 1 {
  plan.entry @forward {
    %n = plan.constant 64
    plan.branch %n { plan.branch %n { plan.branch %n { plan.branch %n {
    plan.branch %n { plan.branch %n { plan.branch %n { plan.branch %n {
      // expected-error @+1 {{expected 8 branches inside each other at most, got another}}
      plan.branch %n {
        %m = plan.constant 1
      }
    } } } } } } } }
  }
}

// -----

// branch_c1
plan.program @cpu abi 1 {
  plan.entry @forward {
    %n = plan.constant 64
    // expected-error @+1 {{expected one block of ops for else, got 2}}
    plan.branch %n {
      %a = plan.constant 1
    } else {
      plan.yield
    ^more:
      plan.yield
    }
  }
}

// -----

// program_c1: holds declarations, images, executables and entry points only
plan.program @cpu abi 1 {
  // expected-error @+1 {{expected declarations, images, executables and entry points in a program}}
  func.func private @forward()
}

// -----

// program_c2: dims are at most 256, block tables 64, executables 65,536
plan.program @cpu abi 1 {
  plan.block_table @t0 page_size 1 plan.block_table @t1 page_size 1 plan.block_table @t2 page_size 1 plan.block_table @t3 page_size 1 plan.block_table @t4 page_size 1 plan.block_table @t5 page_size 1 plan.block_table @t6 page_size 1 plan.block_table @t7 page_size 1 plan.block_table @t8 page_size 1 plan.block_table @t9 page_size 1 plan.block_table @t10 page_size 1 plan.block_table @t11 page_size 1 plan.block_table @t12 page_size 1 plan.block_table @t13 page_size 1 plan.block_table @t14 page_size 1 plan.block_table @t15 page_size 1 plan.block_table @t16 page_size 1 plan.block_table @t17 page_size 1 plan.block_table @t18 page_size 1 plan.block_table @t19 page_size 1 plan.block_table @t20 page_size 1 plan.block_table @t21 page_size 1 plan.block_table @t22 page_size 1 plan.block_table @t23 page_size 1 plan.block_table @t24 page_size 1 plan.block_table @t25 page_size 1 plan.block_table @t26 page_size 1 plan.block_table @t27 page_size 1 plan.block_table @t28 page_size 1 plan.block_table @t29 page_size 1 plan.block_table @t30 page_size 1 plan.block_table @t31 page_size 1 plan.block_table @t32 page_size 1 plan.block_table @t33 page_size 1 plan.block_table @t34 page_size 1 plan.block_table @t35 page_size 1 plan.block_table @t36 page_size 1 plan.block_table @t37 page_size 1 plan.block_table @t38 page_size 1 plan.block_table @t39 page_size 1 plan.block_table @t40 page_size 1 plan.block_table @t41 page_size 1 plan.block_table @t42 page_size 1 plan.block_table @t43 page_size 1 plan.block_table @t44 page_size 1 plan.block_table @t45 page_size 1 plan.block_table @t46 page_size 1 plan.block_table @t47 page_size 1 plan.block_table @t48 page_size 1 plan.block_table @t49 page_size 1 plan.block_table @t50 page_size 1 plan.block_table @t51 page_size 1 plan.block_table @t52 page_size 1 plan.block_table @t53 page_size 1 plan.block_table @t54 page_size 1 plan.block_table @t55 page_size 1 plan.block_table @t56 page_size 1 plan.block_table @t57 page_size 1 plan.block_table @t58 page_size 1 plan.block_table @t59 page_size 1 plan.block_table @t60 page_size 1 plan.block_table @t61 page_size 1 plan.block_table @t62 page_size 1 plan.block_table @t63 page_size 1
  // expected-error @+1 {{expected 64 of them in a program at most, got more}}
  plan.block_table @t64 page_size 1
}

// -----

// program_c2
plan.program @cpu abi 1 {
  plan.host_dim @d0 is call_value plan.host_dim @d1 is call_value plan.host_dim @d2 is call_value plan.host_dim @d3 is call_value plan.host_dim @d4 is call_value plan.host_dim @d5 is call_value plan.host_dim @d6 is call_value plan.host_dim @d7 is call_value plan.host_dim @d8 is call_value plan.host_dim @d9 is call_value plan.host_dim @d10 is call_value plan.host_dim @d11 is call_value plan.host_dim @d12 is call_value plan.host_dim @d13 is call_value plan.host_dim @d14 is call_value plan.host_dim @d15 is call_value plan.host_dim @d16 is call_value plan.host_dim @d17 is call_value plan.host_dim @d18 is call_value plan.host_dim @d19 is call_value plan.host_dim @d20 is call_value plan.host_dim @d21 is call_value plan.host_dim @d22 is call_value plan.host_dim @d23 is call_value plan.host_dim @d24 is call_value plan.host_dim @d25 is call_value plan.host_dim @d26 is call_value plan.host_dim @d27 is call_value plan.host_dim @d28 is call_value plan.host_dim @d29 is call_value plan.host_dim @d30 is call_value plan.host_dim @d31 is call_value plan.host_dim @d32 is call_value plan.host_dim @d33 is call_value plan.host_dim @d34 is call_value plan.host_dim @d35 is call_value plan.host_dim @d36 is call_value plan.host_dim @d37 is call_value plan.host_dim @d38 is call_value plan.host_dim @d39 is call_value plan.host_dim @d40 is call_value plan.host_dim @d41 is call_value plan.host_dim @d42 is call_value plan.host_dim @d43 is call_value plan.host_dim @d44 is call_value plan.host_dim @d45 is call_value plan.host_dim @d46 is call_value plan.host_dim @d47 is call_value plan.host_dim @d48 is call_value plan.host_dim @d49 is call_value plan.host_dim @d50 is call_value plan.host_dim @d51 is call_value plan.host_dim @d52 is call_value plan.host_dim @d53 is call_value plan.host_dim @d54 is call_value plan.host_dim @d55 is call_value plan.host_dim @d56 is call_value plan.host_dim @d57 is call_value plan.host_dim @d58 is call_value plan.host_dim @d59 is call_value plan.host_dim @d60 is call_value plan.host_dim @d61 is call_value plan.host_dim @d62 is call_value plan.host_dim @d63 is call_value plan.host_dim @d64 is call_value plan.host_dim @d65 is call_value plan.host_dim @d66 is call_value plan.host_dim @d67 is call_value plan.host_dim @d68 is call_value plan.host_dim @d69 is call_value plan.host_dim @d70 is call_value plan.host_dim @d71 is call_value plan.host_dim @d72 is call_value plan.host_dim @d73 is call_value plan.host_dim @d74 is call_value plan.host_dim @d75 is call_value plan.host_dim @d76 is call_value plan.host_dim @d77 is call_value plan.host_dim @d78 is call_value plan.host_dim @d79 is call_value plan.host_dim @d80 is call_value plan.host_dim @d81 is call_value plan.host_dim @d82 is call_value plan.host_dim @d83 is call_value plan.host_dim @d84 is call_value plan.host_dim @d85 is call_value plan.host_dim @d86 is call_value plan.host_dim @d87 is call_value plan.host_dim @d88 is call_value plan.host_dim @d89 is call_value plan.host_dim @d90 is call_value plan.host_dim @d91 is call_value plan.host_dim @d92 is call_value plan.host_dim @d93 is call_value plan.host_dim @d94 is call_value plan.host_dim @d95 is call_value plan.host_dim @d96 is call_value plan.host_dim @d97 is call_value plan.host_dim @d98 is call_value plan.host_dim @d99 is call_value plan.host_dim @d100 is call_value plan.host_dim @d101 is call_value plan.host_dim @d102 is call_value plan.host_dim @d103 is call_value plan.host_dim @d104 is call_value plan.host_dim @d105 is call_value plan.host_dim @d106 is call_value plan.host_dim @d107 is call_value plan.host_dim @d108 is call_value plan.host_dim @d109 is call_value plan.host_dim @d110 is call_value plan.host_dim @d111 is call_value plan.host_dim @d112 is call_value plan.host_dim @d113 is call_value plan.host_dim @d114 is call_value plan.host_dim @d115 is call_value plan.host_dim @d116 is call_value plan.host_dim @d117 is call_value plan.host_dim @d118 is call_value plan.host_dim @d119 is call_value plan.host_dim @d120 is call_value plan.host_dim @d121 is call_value plan.host_dim @d122 is call_value plan.host_dim @d123 is call_value plan.host_dim @d124 is call_value plan.host_dim @d125 is call_value plan.host_dim @d126 is call_value plan.host_dim @d127 is call_value plan.host_dim @d128 is call_value plan.host_dim @d129 is call_value plan.host_dim @d130 is call_value plan.host_dim @d131 is call_value plan.host_dim @d132 is call_value plan.host_dim @d133 is call_value plan.host_dim @d134 is call_value plan.host_dim @d135 is call_value plan.host_dim @d136 is call_value plan.host_dim @d137 is call_value plan.host_dim @d138 is call_value plan.host_dim @d139 is call_value plan.host_dim @d140 is call_value plan.host_dim @d141 is call_value plan.host_dim @d142 is call_value plan.host_dim @d143 is call_value plan.host_dim @d144 is call_value plan.host_dim @d145 is call_value plan.host_dim @d146 is call_value plan.host_dim @d147 is call_value plan.host_dim @d148 is call_value plan.host_dim @d149 is call_value plan.host_dim @d150 is call_value plan.host_dim @d151 is call_value plan.host_dim @d152 is call_value plan.host_dim @d153 is call_value plan.host_dim @d154 is call_value plan.host_dim @d155 is call_value plan.host_dim @d156 is call_value plan.host_dim @d157 is call_value plan.host_dim @d158 is call_value plan.host_dim @d159 is call_value plan.host_dim @d160 is call_value plan.host_dim @d161 is call_value plan.host_dim @d162 is call_value plan.host_dim @d163 is call_value plan.host_dim @d164 is call_value plan.host_dim @d165 is call_value plan.host_dim @d166 is call_value plan.host_dim @d167 is call_value plan.host_dim @d168 is call_value plan.host_dim @d169 is call_value plan.host_dim @d170 is call_value plan.host_dim @d171 is call_value plan.host_dim @d172 is call_value plan.host_dim @d173 is call_value plan.host_dim @d174 is call_value plan.host_dim @d175 is call_value plan.host_dim @d176 is call_value plan.host_dim @d177 is call_value plan.host_dim @d178 is call_value plan.host_dim @d179 is call_value plan.host_dim @d180 is call_value plan.host_dim @d181 is call_value plan.host_dim @d182 is call_value plan.host_dim @d183 is call_value plan.host_dim @d184 is call_value plan.host_dim @d185 is call_value plan.host_dim @d186 is call_value plan.host_dim @d187 is call_value plan.host_dim @d188 is call_value plan.host_dim @d189 is call_value plan.host_dim @d190 is call_value plan.host_dim @d191 is call_value plan.host_dim @d192 is call_value plan.host_dim @d193 is call_value plan.host_dim @d194 is call_value plan.host_dim @d195 is call_value plan.host_dim @d196 is call_value plan.host_dim @d197 is call_value plan.host_dim @d198 is call_value plan.host_dim @d199 is call_value plan.host_dim @d200 is call_value plan.host_dim @d201 is call_value plan.host_dim @d202 is call_value plan.host_dim @d203 is call_value plan.host_dim @d204 is call_value plan.host_dim @d205 is call_value plan.host_dim @d206 is call_value plan.host_dim @d207 is call_value plan.host_dim @d208 is call_value plan.host_dim @d209 is call_value plan.host_dim @d210 is call_value plan.host_dim @d211 is call_value plan.host_dim @d212 is call_value plan.host_dim @d213 is call_value plan.host_dim @d214 is call_value plan.host_dim @d215 is call_value plan.host_dim @d216 is call_value plan.host_dim @d217 is call_value plan.host_dim @d218 is call_value plan.host_dim @d219 is call_value plan.host_dim @d220 is call_value plan.host_dim @d221 is call_value plan.host_dim @d222 is call_value plan.host_dim @d223 is call_value plan.host_dim @d224 is call_value plan.host_dim @d225 is call_value plan.host_dim @d226 is call_value plan.host_dim @d227 is call_value plan.host_dim @d228 is call_value plan.host_dim @d229 is call_value plan.host_dim @d230 is call_value plan.host_dim @d231 is call_value plan.host_dim @d232 is call_value plan.host_dim @d233 is call_value plan.host_dim @d234 is call_value plan.host_dim @d235 is call_value plan.host_dim @d236 is call_value plan.host_dim @d237 is call_value plan.host_dim @d238 is call_value plan.host_dim @d239 is call_value plan.host_dim @d240 is call_value plan.host_dim @d241 is call_value plan.host_dim @d242 is call_value plan.host_dim @d243 is call_value plan.host_dim @d244 is call_value plan.host_dim @d245 is call_value plan.host_dim @d246 is call_value plan.host_dim @d247 is call_value plan.host_dim @d248 is call_value plan.host_dim @d249 is call_value plan.host_dim @d250 is call_value plan.host_dim @d251 is call_value plan.host_dim @d252 is call_value plan.host_dim @d253 is call_value plan.host_dim @d254 is call_value plan.host_dim @d255 is call_value
  // expected-error @+1 {{expected 256 of them in a program at most, got more}}
  plan.host_dim @d256 is call_value
}

// -----

// plan_c1: names that an artifact holds are UTF-8 text, not empty and without NUL
plan.program @cpu abi 1 {
  plan.entry @forward {
    // expected-error @+1 {{expected name to be UTF-8 text, not empty and without NUL, got ''}}
    %y = plan.argument 0 "" : tensor<4xf32> sizes()
  }
}

// -----

// plan_c1
// expected-error @+1 {{expected sym_name to be UTF-8 text, not empty and without NUL, got 'a}}
plan.host_dim @"a\00b" is tokens

// -----

// plan_c1
// expected-error @+1 {{expected sym_name to be UTF-8 text, not empty and without NUL, got}}
plan.block_table @"\FF" page_size 64

// -----

// plan_c1
plan.program @cpu abi 1 {
  // expected-error @+1 {{expected level to be UTF-8 text, not empty and without NUL, got ''}}
  plan.image @v3 level "" {
  }
}
