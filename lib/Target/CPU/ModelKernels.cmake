# SPDX-License-Identifier: Apache-2.0
# Emitters of the model's kernels other than matrix products.
target_sources(HadalTargetCPU PRIVATE
  KernelLoops.cpp
  MLAAbsorbed.cpp
  MLAAppend.cpp
  MLAExpanded.cpp
  MoERoute.cpp
  MoERows.cpp
  Rope.cpp
  RowKernels.cpp)
