// A program that no importer makes: states of three rates with tables of their own, a ring, two entry
// points, and a result that stays on the device for the other. What an artifact holds of it.
// REQUIRES: hadal-objdump
// RUN: rm -rf %t && mkdir %t && hadal-opt %s --hadal-verify-plan --verify-roundtrip -o %t/m.mlir
// RUN: hadal-compile %s -o %t/m.hadal --shapes-only
// RUN: hadal-compile %t/m.mlir -o %t/again.hadal --shapes-only && cmp %t/m.hadal %t/again.hadal
// RUN: hadal-objdump %t/m.hadal --plan | FileCheck %s

// What could never be evaluated the runtime refuses to read, and the compiler to write.
// RUN: sed 's/^    %a = plan.expr add .*/    %big = plan.constant 4611686018427387904\n    %a = plan.expr mul %big, %big/' %s > %t/big.mlir
// RUN: not hadal-compile %t/big.mlir -o %t/no.hadal --shapes-only 2>&1 | FileCheck %s --check-prefix=BIG
// BIG: error: expected an artifact that the runtime reads, got one that it refuses: artifact: programs[0].exprs[{{[0-9]+}}]: mul of 4611686018427387904 and 4611686018427387904 exceeds 64 bits
// RUN: sed 's/^    plan.arena %zero/    %none = plan.expr floor_div %zero, %zero\n    plan.arena %none/' %s > %t/zero.mlir
// RUN: not hadal-compile %t/zero.mlir -o %t/no.hadal --shapes-only 2>&1 | FileCheck %s --check-prefix=ZERO
// ZERO: error: {{.*}}programs[0].entries[0].exprs[{{[0-9]+}}]: expected a positive divisor, got 0
// RUN: not test -e %t/no.hadal

// CHECK:      cache: 616 B a token;
// CHECK:      dims: n, s, r, slots, step, pages.1, pages.4, pages.128, drafts, depth
// CHECK-NEXT: block tables: 3
// CHECK-NEXT:   #0 ones: 64 rows a page, 1 tokens a row
// CHECK-NEXT:   #1 fours: 16 rows a page, 4 tokens a row
// CHECK-NEXT:   #2 blocks: 1 rows a page, 128 tokens a row
// CHECK-NEXT: states: 4
// CHECK-NEXT:   #0 cache: f8E4M3FN [pages, 64, 576]
// CHECK-NEXT:   #1 index: i8 [pages, 16, 128]
// CHECK-NEXT:   #2 far: bf16 [pages, 1, 512]
// CHECK-NEXT:   #3 window: f32 [slots, (128 + step) + drafts, 2, 256]
// CHECK:        #0 touch: {{.*}}, 2 constants
// CHECK-NEXT:     x86-64-v4-bf16: {{[0-9]+}} B of code, symbol touch in new
// CHECK-NEXT:       grid [c0, (256 <= c0) ? 1 : c1, 1], 128 B scratch
// CHECK-NEXT:     x86-64-v3: {{[0-9]+}} B of code, symbol touch in old
// CHECK-NEXT:       grid [c0, 1, 1], 0 B scratch
// CHECK:      entry forward: role step,
// CHECK-NEXT:   argument ids i32 [N] (tokens)
// CHECK-NEXT:   argument where i32 [N] (positions)
// CHECK-NEXT:   argument ends i32 [S + 1] (sequence_offsets)
// CHECK-NEXT:   argument owners i32 [S] (slots)
// CHECK-NEXT:   argument rows i32 [R] (logit_rows)
// CHECK-NEXT:   argument table.1 i32 [slots, pages.1] (block_table)
// CHECK-NEXT:   argument table.4 i32 [slots, pages.4] (block_table)
// CHECK-NEXT:   argument table.128 i32 [slots, pages.128] (block_table)
// CHECK-NEXT:   result scores f32 [R, 97] (logits)
// CHECK-NEXT:   result hidden bf16 [N, 512] (kept)
// CHECK:          constants [N, depth]
// CHECK:      entry draft.once: role other,
// CHECK-NEXT:   argument hidden bf16 [extent(hidden, 0), 512] (kept)
// CHECK-NEXT:   result next i32 [extent(hidden, 0)] (value)

module attributes {hadal.model = #hadal.model<family = "none", layers = 1, hidden_size = 512, vocab_size = 97, heads = 1, max_positions = 4096, max_position_embeddings = 4096, kv_lora_rank = 512, qk_nope_head_dim = 64, qk_rope_head_dim = 64, v_head_dim = 64>} {
plan.program @cpu abi 1 {
  plan.block_table @ones page_size 64
  plan.block_table @fours page_size 16 tokens_per_row 4
  plan.block_table @blocks page_size 1 tokens_per_row 128
  plan.host_dim @n is tokens
  plan.host_dim @s is sequences
  plan.host_dim @r is logit_rows
  plan.host_dim @slots is slots
  plan.host_dim @step is step_tokens
  plan.host_dim @pages.1 is pages_per_slot of @ones
  plan.host_dim @pages.4 is pages_per_slot of @fours
  plan.host_dim @pages.128 is pages_per_slot of @blocks
  plan.host_dim @drafts is session_value default 1 to 4
  plan.host_dim @depth is call_value default 1 from 1 to 4

  hadal.state @cache growing @ones : tensor<?x64x576xf8E4M3FN>
  hadal.state @index growing @fours : tensor<?x16x128xi8>
  hadal.state @far growing @blocks : tensor<?x1x512xbf16>
  hadal.state @window ring : tensor<?x?x2x256xf32> rows {
    %window = plan.constant 128
    %step = plan.dim @step
    %drafts = plan.dim @drafts
    %a = plan.expr add %window, %step
    %rows = plan.expr add %a, %drafts
    plan.yield %rows
  }

  plan.image @old level "x86-64-v3" {
    builtin.module {
      llvm.func @touch(%dispatch: !llvm.ptr, %workgroup: !llvm.ptr) -> i32 {
        %done = llvm.mlir.constant(0 : i32) : i32
        llvm.return %done : i32
      }
      llvm.func @draft(%dispatch: !llvm.ptr, %workgroup: !llvm.ptr) -> i32 {
        %done = llvm.mlir.constant(0 : i32) : i32
        llvm.return %done : i32
      }
    }
  }
  plan.image @new level "x86-64-v4-bf16" {
    builtin.module {
      llvm.func @touch(%dispatch: !llvm.ptr, %workgroup: !llvm.ptr) -> i32 {
        %done = llvm.mlir.constant(0 : i32) : i32
        llvm.return %done : i32
      }
    }
  }
  // One launch, two ways to spread it.
  plan.executable @touch family "touch" access [read, read_write, read_write, read_write, read_write, write, write] constants 2 {
    plan.variant @new {
      plan.interface scratch 128 {
      ^bb0(%rows: !plan.int, %depth: !plan.int):
        %one = plan.constant 1
        %many = plan.constant 256
        %is_many = plan.expr le %many, %rows
        %splits = plan.select %is_many, %one, %depth
        plan.grid %rows, %splits, %one
      }
    }
    plan.variant @old {
      plan.interface {
      ^bb0(%rows: !plan.int, %depth: !plan.int):
        %one = plan.constant 1
        plan.grid %rows, %one, %one
      }
    }
  }
  plan.executable @draft family "touch" access [read, write] constants 0 {
    plan.variant @old {
      plan.interface {
        %one = plan.constant 1
        plan.grid %one, %one, %one
      }
    }
  }

  plan.entry @forward role step {
    %n = plan.dim @n
    %s = plan.dim @s
    %one = plan.constant 1
    %ends = plan.expr add %s, %one
    %r = plan.dim @r
    %slots = plan.dim @slots
    %pages.1 = plan.dim @pages.1
    %pages.4 = plan.dim @pages.4
    %pages.128 = plan.dim @pages.128
    %depth = plan.dim @depth
    %zero = plan.constant 0
    %tokens = plan.argument 0 "ids" role tokens : tensor<?xi32> sizes(%n)
    %positions = plan.argument 1 "where" role positions : tensor<?xi32> sizes(%n)
    %offsets = plan.argument 2 "ends" role sequence_offsets : tensor<?xi32> sizes(%ends)
    %owners = plan.argument 3 "owners" role slots : tensor<?xi32> sizes(%s)
    %rows = plan.argument 4 "rows" role logit_rows : tensor<?xi32> sizes(%r)
    %t.1 = plan.argument 5 "table.1" role block_table of @ones : tensor<?x?xi32> sizes(%slots, %pages.1)
    %t.4 = plan.argument 6 "table.4" role block_table of @fours : tensor<?x?xi32> sizes(%slots, %pages.4)
    %t.128 = plan.argument 7 "table.128" role block_table of @blocks : tensor<?x?xi32> sizes(%slots, %pages.128)
    %cache = plan.state @cache
    %index = plan.state @index
    %far = plan.state @far
    %window = plan.state @window
    %logits = plan.result 0 "scores" role logits : tensor<?x97xf32> sizes(%r)
    %hidden = plan.result 1 "hidden" role kept : tensor<?x512xbf16> sizes(%n)
    plan.arena %zero
    plan.launch @touch bindings(%tokens, %cache, %index, %far, %window, %logits, %hidden) constants(%n, %depth) label "all" flops %n bytes %zero
  }

  // The rows of what was kept, no dim names.
  plan.entry @draft.once {
    %n = plan.extent 0, 0
    %zero = plan.constant 0
    %hidden = plan.argument 0 "hidden" role kept : tensor<?x512xbf16> sizes(%n)
    %next = plan.result 0 "next" : tensor<?xi32> sizes(%n)
    plan.arena %zero
    plan.launch @draft bindings(%hidden, %next) constants() label "draft" flops %zero bytes %zero
  }
}
}
