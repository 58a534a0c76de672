// SPDX-License-Identifier: Apache-2.0
// A dialect of somebody else's, with an op that has no kernel anywhere.
#ifndef SOFTCAP_TD
#define SOFTCAP_TD

include "hadal/IR/HadalInterfaces.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Outside_Dialect : Dialect {
  let name = "outside";
  let cppNamespace = "::outside";
}

def Outside_SoftcapOp : Op<Outside_Dialect, "softcap", [Pure, SameOperandsAndResultType, Hadal_ReadsAs<[AsExact]>,
                           DeclareOpInterfaceMethods<ComputeOpInterface>, DeclareOpInterfaceMethods<ExpandableOpInterface>,
                           DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>]> {
  let summary = "Values kept below a bound";
  let description = [{
    `y[n, i] = cap * tanh(x[n, i] / cap)` (Gemma 2, arXiv:2408.00118, section 2).

    ```mlir
    %y = outside.softcap %x {cap = 30.0 : f32} : tensor<?x64xf32>
    ```
  }];
  let arguments = (ins 2DTensorOf<[F32]>:$x, F32Attr:$cap);
  let results = (outs 2DTensorOf<[F32]>:$result);
  let assemblyFormat = "$x attr-dict `:` type($x)";
}

#endif // SOFTCAP_TD
